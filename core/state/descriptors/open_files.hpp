// SPDX-License-Identifier: Apache-2.0
// The process's descriptors at one moment: which of them are one open file description, and who else has what is behind
// them. Ordinary code; asks core/state/resident.hpp which descriptors are the host's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

class OtherHolders;

// A path as /proc shows it, without the mark of one that is gone.
std::string without_deleted(std::string path);

class OpenFiles {
 public:
  // `guest_stands` false: while obstacles are looked for. Throws TemporaryError.
  explicit OpenFiles(bool guest_stands);
  OpenFiles();  // none
  ~OpenFiles();
  OpenFiles(const OpenFiles&) = delete;
  OpenFiles& operator=(const OpenFiles&) = delete;

  // Ascending.
  const std::vector<OpenFile>& files() const noexcept { return files_; }
  bool guest_stands() const noexcept { return guest_stands_; }
  // The open file description of files()[i], as its index in FilesState::descriptions. They are numbered in the order
  // of their first descriptors.
  std::uint32_t description_of(std::size_t i) const { return description_of_[i]; }
  // Another process, none of the group, that has the pipe, FIFO, socket, terminal or deleted file open, "process 4711
  // (make)"; empty if none has of those that this process may look at. Not seen: what processes of other users have,
  // and descriptors that lie in a socket.
  std::string other_holder(const OpenFile& file) const;

 private:
  std::vector<OpenFile> files_;
  std::vector<std::uint32_t> description_of_;
  bool guest_stands_ = false;
  mutable std::unique_ptr<OtherHolders> holders_;  // once somebody has asked
};

}  // namespace cairn::state
