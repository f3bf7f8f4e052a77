// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/placement.hpp"
#include "core/state/descriptors/room.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/process/state.hpp"

namespace cairn::state {
namespace {

constexpr int kSettable = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

bool is_open(int fd) { return !is_error(raw_syscall(SYS_fcntl, fd, F_GETFD)); }

class DescriptorsReviver : public Reviver {
 public:
  explicit DescriptorsReviver(Restart& restart)
      : image_(restart.image), options_(restart.options), files_(image_.get<FilesState>()) {
    for (Description& description : files_.descriptions)
      description.path = restart::relocated(restart.options, description.path);
  }
  void restore(Stage stage) override try {
    if (stage == Stage::check) room_.make(files_.descriptors);
    if (stage == Stage::open) open_all();
    if (stage == Stage::descriptors) place_all();
    if (stage == Stage::last) refill_all();
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(image_.reader().name() + ": " + error.what());
  }

 private:
  void open_all() {
    for (const Description& description : files_.descriptions) opened_.push_back(open_description(description));
  }
  void place_all() {
    note_standard_files();
    place_descriptors(files_.descriptors, opened_);
    room_.close();
    opened_.clear();
  }
  void refill_all();
  UniqueFd open_description(const Description& description) const;
  bool takes_new(const Description& description) const;

  const Image& image_;
  const restart::Options& options_;
  FilesState files_;
  DescriptorRoom room_;
  std::vector<UniqueFd> opened_;  // by description, on descriptors of the host
};

bool DescriptorsReviver::takes_new(const Description& description) const {
  if (description.standard < 0 || !is_open(description.standard)) return false;
  if (description.kind != regular_file_number) return true;
  return takes_new_standard(description.standard, options_.stdio);
}

UniqueFd DescriptorsReviver::open_description(const Description& description) const {
  if (takes_new(description)) {
    UniqueFd copy(dup(description.standard));  // since its number may be taken while the others are made
    if (!copy) throw EnvironmentError(with_errno("descriptor " + std::to_string(description.standard), errno));
    return copy;
  }
  UniqueFd fd = find_descriptor_kind(description.kind)->reopen(description);
  const int flags = static_cast<int>(description.flags);
  if ((flags & O_PATH) != 0) return fd;
  raw_syscall(SYS_fcntl, fd.get(), F_SETFL, flags & kSettable);
  if (description.signal != 0) raw_syscall(SYS_fcntl, fd.get(), F_SETSIG, description.signal);
  // Only the process itself can still be named; whoever else was the owner is gone.
  if (description.owner == image_.get<ProcessState>().pid) raw_syscall(SYS_fcntl, fd.get(), F_SETOWN, getpid());
  return fd;
}

void DescriptorsReviver::refill_all() {
  for (std::uint32_t i = 0; i < files_.descriptions.size(); ++i) {
    const Description& description = files_.descriptions[i];
    const DescriptorKind& kind = *find_descriptor_kind(description.kind);
    const auto first = std::find_if(files_.descriptors.begin(), files_.descriptors.end(),
                                    [i](const Descriptor& d) { return d.description == i; });
    if (kind.refill != nullptr && first != files_.descriptors.end()) kind.refill(first->number, description);
  }
}

}  // namespace

std::unique_ptr<Reviver> prepare_descriptors(Restart& restart) { return std::make_unique<DescriptorsReviver>(restart); }

}  // namespace cairn::state
