// SPDX-License-Identifier: Apache-2.0
// Where a checkpoint that was asked for over the control socket goes: a name in a directory that the asker handed
// over open, or an open file. The name is a file's, or, for a group, a directory's. Ordinary code, one thread.
#pragma once

#include <string>

#include "core/abi/control_protocol.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::host {

class ControlTarget {
 public:
  enum class Shape { file, directory };
  // `descriptor` is the directory or the file, open for as long as this lives. Throws ArgumentError (a bad name),
  // EnvironmentError (exists, and must not be overwritten). With CLOBBER removes the old file.
  ControlTarget(const cairn_control_request& request, int descriptor, Shape shape = Shape::file);
  // Removes what is unfinished.
  ~ControlTarget();
  ControlTarget(const ControlTarget&) = delete;
  ControlTarget& operator=(const ControlTarget&) = delete;

  int fd() const noexcept;  // to write to, or -1: then path()
  // A name that does not exist yet; in the directory of a group, this process's.
  std::string path() const;
  int directory() const noexcept { return inside_.get(); }  // of a group, unfinished; else -1
  std::string objects() const;                              // where a group's files are stored once; else empty
  // The file is whole: gives it its name. Throws EnvironmentError.
  void commit();

 private:
  void make_directory();
  void give_name(const std::string& name) const;
  void remove(const std::string& name) const noexcept;
  bool exists(const std::string& name) const noexcept;
  bool is_directory(const std::string& name) const noexcept;
  bool is_link(const std::string& name) const noexcept;
  bool is_replaceable(const std::string& name) const;
  void check_replaceable() const;
  std::string free_backup_name() const;

  const int descriptor_;
  UniqueFd inside_;
  bool to_file_, member_, objects_above_;
  std::uint32_t existing_;
  std::string name_, backup_, temporary_;
  bool committed_ = false;
};

}  // namespace cairn::host
