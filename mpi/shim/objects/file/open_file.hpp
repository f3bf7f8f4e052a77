// SPDX-License-Identifier: Apache-2.0
// What the shim keeps of an open file: enough to open it again in a new library. Each file has a communicator of its
// own, a duplicate of the one it was opened with: the real file is opened on it, and the file's collective calls stand
// at its door.
//
// Ownership: from MPI_File_open to MPI_File_close. Threads: changed behind the file's door or with InnerLock held.
#pragma once

#include <sys/types.h>

#include <string>

#include "mpi/shim/handle.hpp"
#include "mpi/shim/objects/datatype/hold.hpp"

namespace cairn::shim {

struct FileView {
  bool set = false;
  MPI_Offset displacement = 0;  // bytes
  HeldType etype, filetype;
  std::string representation;
};

struct OpenFile {
  // The real file has just been opened by this name.
  OpenFile(ompi_communicator_t* own, const char* name, int amode, const ompi_info_t* info);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  // Adds hints to those that it has. With InnerLock held.
  void add_info(const ompi_info_t* more);
  // In a restart: takes the name that the file has now.
  void relocate();
  // Without what tells the library about the file system: "ufs:".
  const char* path() const noexcept;

  ompi_communicator_t* const comm;
  std::string name;  // absolute, for the library
  const int amode;
  ompi_info_t* info;  // hints; null: none
  dev_t device = 0;
  ino_t inode = 0;
  FileView view;

  // As the library said when it was parked. Pointers are in etypes, relative to the view; < 0: it does not say.
  MPI_Offset position = 0, shared_position = 0;
  int atomicity = 0;

  bool with_all = true;  // every member could open it
  bool closing = false;  // inside MPI_File_close, which another rank may have done all of

  // The split collective that has been begun, null: none. It is complete; `split_status` is what its end will say.
  const char* split = nullptr;
  MPI_Status split_status{};

 private:
  void identify() noexcept;
};

}  // namespace cairn::shim
