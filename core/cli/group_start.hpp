// SPDX-License-Identifier: Apache-2.0
// How cr_restart makes the processes of a group (docs/groups.md): it forks the first, each forks its own children, all
// take their sessions and groups, and each executes a host that revives its file. None goes on before all are whole.
//
// Ordinary code of a program with one thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/cli/child.hpp"
#include "core/cli/restart_options.hpp"
#include "core/context/group_index.hpp"
#include "core/group/plan.hpp"
#include "core/group/shared_restart.hpp"
#include "core/state/image.hpp"

namespace cairn::cli {

class GroupStart {
 public:
  // Reads and verifies the directory's files. Throws PermanentError, EnvironmentError.
  explicit GroupStart(const RestartOptions& options);
  ~GroupStart();
  GroupStart(const GroupStart&) = delete;
  GroupStart& operator=(const GroupStart&) = delete;

  // Numbers of those that will run.
  std::vector<pid_t> numbers() const;
  pid_t number_of_first() const { return index_.processes.front().pid; }
  // Starts all: the first as `child`. Throws what the first could not do.
  void start(Child& child, const std::string& host);
  // What the first says as in core/abi/restart_options.hpp, when all go on; 0 if they do not: then all have been ended,
  // but for the first, whom nobody has waited for.
  char wait_started();
  // Then: the exit code of the one that failed first, or -1 if that was the first process.
  int failure() const noexcept { return failure_; }

 private:
  struct Common;  // memory that all the processes share until they execute their hosts

  void make_files(const RestartOptions& options);
  void open_standard_files();
  void make_shared();
  void become(std::size_t i);
  void make(std::size_t i);
  void execute_host(std::size_t i);
  void take_group(std::size_t i);
  [[noreturn]] void fail(std::size_t i, const std::string& what, int error);
  [[noreturn]] void end_as(int status);
  void meet(std::size_t meeting);
  void prepare_host(std::size_t i) const;
  bool hear(std::size_t i, char wanted, char& heard) const;
  char give_up(std::size_t failed);

  const RestartOptions& options_;
  context::GroupIndex index_;
  std::vector<group::PlannedProcess> plan_;
  std::vector<std::string> files_;
  std::vector<UniqueFd> ours_, theirs_;              // by process; ended ones have none
  std::vector<std::optional<state::Image>> images_;  // until all that they share has been made
  std::vector<std::pair<int, UniqueFd>> standard_;
  std::optional<group::SharedRestart> shared_;  // until the first has been started
  std::string host_;
  pid_t inherited_group_ = 0;
  Common* common_ = nullptr;
  int failure_ = -1;
};

}  // namespace cairn::cli
