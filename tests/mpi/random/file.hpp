// SPDX-License-Identifier: Apache-2.0
// Open files: every rank knows what the plan has written where. A byte of a file is written once in the file's life, so
// that a program that has been brought back writes what is there already. An access has a part for each member, which
// begin where the view's own unit says; some end steps later.
#pragma once

#include <memory>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

using Bytes = std::vector<unsigned char>;

// The way to say where (explicitly, by the rank's pointer or by the shared one), and who waits for whom.
enum class Place { kExplicit, kPointer, kShared };
enum class Form { kAlone, kTogether, kImmediate, kImmediateTogether, kSplit };

struct Access {
  bool writes = false;
  Place place = Place::kExplicit;
  Form form = Form::kAlone;
  std::uint64_t key = 0;
  std::vector<std::size_t> offsets, bytes;  // by member, in bytes of its view

  // This rank's part.
  std::unique_ptr<Buffer> buffer;
  Bytes want;
  std::vector<bool> known;
  MPI_Request request = MPI_REQUEST_NULL;
  bool collective() const { return form != Form::kAlone && form != Form::kImmediate; }
};

struct OpenFile {
  MPI_File handle = MPI_FILE_NULL;
  MPI_Comm comm = MPI_COMM_NULL;  // a duplicate of its own
  std::vector<int> members;
  std::string path;
  bool vanishes = false;  // MPI_MODE_DELETE_ON_CLOSE
  std::size_t block = 0;  // of a view in which the members take turns; 0: all see everything
  std::size_t unit = 1;   // bytes of the view's elementary type
  std::size_t begin = 0;  // of the view
  std::size_t end = 0;    // of what has been written, in the file
  Bytes model;
  std::vector<bool> written;          // what is in holes MPI leaves open
  std::vector<std::size_t> pointers;  // by member
  std::size_t shared = 0;
  std::vector<std::unique_ptr<Access>> pending;
  std::unique_ptr<Access> split;
  int me = -1;

  int size() const { return static_cast<int>(members.size()); }
  // Where byte `at` of a member's view is in the file.
  std::size_t place(int member, std::size_t at) const;
  static void forget_holes(Bytes& got, const Bytes& want, const std::vector<bool>& known);
};

// file_access.cpp
void access_file(State& s, OpenFile& f);
void finish_accesses(State& s, OpenFile& f);  // and all members see what was written

}  // namespace cairn::random_program
