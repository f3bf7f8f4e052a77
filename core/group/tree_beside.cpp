// SPDX-License-Identifier: Apache-2.0
#include "core/group/tree_beside.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/remove_tree.hpp"
#include "core/context/group_index.hpp"
#include "core/state/descriptors/kind.hpp"

namespace cairn::group {

void TreeBeside::begin(const CheckpointParameters& parameters, const std::string& file) {
  end();
  parameters_ = parameters;
  directory_ = context::group_beside(file);
}

void TreeBeside::make_directory() {
  if (opened_) return;
  if (make_directory_at(AT_FDCWD, directory_.c_str(), 0700) == 0)
    opened_.reset(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened_) throw EnvironmentError(with_errno("cannot make the directory " + directory_, errno));
}

void TreeBeside::lead(const Member& own) {
  if (parameters_.save_files)
    throw PermanentError("--save-files: contents of files cannot be saved yet for a process with children");
  make_directory();
  cairn_control_request request;
  request.parameters = parameters_;
  request.flags = CAIRN_CONTROL_OBJECTS_ABOVE;
  tree_.emplace(request, opened_.get(), state::standard_files(), own);
  in_group_.emplace(tree_->scope());
  children_.emplace();
}

Group::Members TreeBeside::find(const Group::Members& known) {
  if (known.empty()) {
    children_.reset();
    in_group_.reset();
    tree_.reset();
    auto own = std::make_shared<OwnProcess>();
    if (state::has_children()) {
      lead(*own);
      refuse_stopped();  // others may wait for what this process waits for from that one
    }
    return {own};
  }
  if (!tree_ && !state::has_children()) return {};
  if (!tree_) lead(*known.front());
  refuse_stopped();
  return tree_->find(known);
}

// It would have to be woken before this process goes on, and sleep again only when its file is whole.
void TreeBeside::refuse_stopped() {
  for (const TreeProcess& process : processes_of(getpid(), Scope::tree)) {
    if (process.stopped)
      throw TemporaryError(process.described.described() +
                           ", which belongs to it, has been stopped by a signal: it can be saved when it runs");
  }
}

void TreeBeside::check_standing() {
  if (tree_) tree_->check_standing();
}

TreeBeside::Written TreeBeside::write_index(const std::vector<CheckpointStatistics>& statistics,
                                            const Group::Members& members) {
  if (!tree_) return {};
  Written written;
  written.checksum = tree_->write_index(statistics, members, parameters_.sync);
  written.members = tree_->size();
  for (std::size_t i = 1; i < statistics.size(); ++i) written.bytes += statistics[i].bytes;
  return written;
}

void TreeBeside::discard() noexcept {
  if (opened_) {
    const std::size_t slash = directory_.rfind('/');
    const UniqueFd parent(open(directory_.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent) remove_tree(parent.get(), directory_.substr(slash + 1));
  }
  end();
}

void TreeBeside::end() noexcept {
  children_.reset();
  in_group_.reset();
  tree_.reset();
  opened_.reset();
}

}  // namespace cairn::group
