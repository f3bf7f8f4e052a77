// SPDX-License-Identifier: Apache-2.0
// A file that does not have its name before it is whole: created under a temporary one in the same directory,
// synced and renamed by commit(). Existing files are never replaced. A path that is a FIFO or a character device is
// written as it is. Not thread-safe; a forked child's copy must not be committed or discarded.
#pragma once

#include <string>

#include "core/base/unique_fd.hpp"
#include "core/context/writer.hpp"

namespace cairn::context {

class TargetFile {
 public:
  TargetFile() = default;
  ~TargetFile() { discard(); }
  TargetFile(const TargetFile&) = delete;
  TargetFile& operator=(const TargetFile&) = delete;

  // Returns whether it takes O_DIRECT. Throws EnvironmentError.
  bool create(const std::string& path, WriterOptions::Direct direct, int fd_base);
  int fd() const noexcept { return fd_.get(); }
  bool is_stream() const noexcept { return stream_; }
  // Cuts it to `length`, syncs it, gives it its name, syncs the directory. Throws EnvironmentError.
  void commit(std::uint64_t length, bool sync);
  void discard() noexcept;

 private:
  void try_direct(WriterOptions::Direct direct);

  UniqueFd fd_;
  std::string path_, temporary_;
  bool stream_ = false, direct_ = false;
};

}  // namespace cairn::context
