// SPDX-License-Identifier: Apache-2.0
// How the processes of a group are made again (docs/groups.md): the first forks its children, each its own, all take
// their sessions and groups, and each executes a host that revives its file. None goes on before all are whole.
//
// The first is a child of cr_restart's, or the process that this is called in: a rank's host, which revives its own
// file itself. Ordinary code of a program with one thread, but for all_whole() and give_up().
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/abi/restart_options.hpp"
#include "core/base/numbered_fork.hpp"
#include "core/base/unique_fd.hpp"
#include "core/context/group_index.hpp"
#include "core/group/plan.hpp"
#include "core/group/process_space.hpp"
#include "core/group/shared_restart.hpp"
#include "core/state/descriptors/room.hpp"
#include "core/state/image.hpp"

namespace cairn::group {

class GroupStart {
 public:
  struct Hosts {
    std::string plain;     // path of cairn-host
    std::string extended;  // of the host for images in which one has added something of its own
  };
  // Reads and verifies the directory's files. `numbers`: the processes get those that they had. `space`: the namespace
  // in which the first will be, if it is another than this process's; it must live as long. `advice`: the end of
  // the message if a number cannot be had. Throws PermanentError, EnvironmentError.
  GroupStart(const std::string& directory, const restart::Options& options, Hosts hosts, bool numbers,
             ProcessSpace* space = nullptr, std::string advice = needs_numbers);
  ~GroupStart();
  GroupStart(const GroupStart&) = delete;
  GroupStart& operator=(const GroupStart&) = delete;

  // Numbers of those that will run.
  std::vector<pid_t> numbers() const;
  std::size_t size() const noexcept { return index_.processes.size(); }
  const std::string& file_of_first() const { return files_.front(); }
  // For the user.
  const std::vector<std::string>& notes() const noexcept { return notes_; }

  // In the process that is to be the first: makes the others, and leaves in the environment what its own host is to
  // know. It executes that, or ends where it cannot.
  void become_first();
  // Those whose parents have not been saved, by their place, and their numbers. They are siblings of the first.
  std::vector<std::size_t> beside_first() const;
  pid_t number_of(std::size_t place) const { return index_.processes.at(place).pid; }
  // In a process that is to be one of those.
  [[noreturn]] void become_beside(std::size_t place);
  // The same in a host, which goes on to revive file_of_first(), with these options. Throws EnvironmentError.
  restart::Options become_first_here();
  // In the process that has forked the first: only who has what they share may hold an end of it.
  void forget_shared();

  // What the first says as in core/abi/restart_options.hpp, when all go on; 0 if they do not: then all have been ended,
  // but for the first, whom nobody has waited for.
  char wait_started();
  // Then: the exit code of the one that failed first, or -1 if that was the first process.
  int failure() const noexcept { return failure_; }

  // In the first, that this process is: all others are whole. Else the one that is not, "process 4711 (make)".
  std::optional<std::string> all_whole() const;
  // Lets them go on, and tells those that wait of nothing else any more.
  void let_others_go();

 private:
  struct Common;  // memory that all the processes share until they execute their hosts

  void read_files(const std::string& directory);
  void note_common_files();
  void open_standard_files();
  void make_shared();
  void take_standard_files();
  void become(std::size_t i);
  void make(std::size_t i);
  [[noreturn]] void execute_host(std::size_t i);
  pid_t make_leader(std::size_t i);
  void take_group(std::size_t i);
  pid_t group_now(std::int32_t saved) const;
  void take_terminal(std::size_t i);
  void set_foreground(std::size_t i);
  const state::SessionTerminal* terminal_of(std::size_t i) const;
  [[noreturn]] void fail(std::size_t i, const std::string& what, int error);
  [[noreturn]] void leave();
  void meet(std::size_t meeting, bool counted = true);
  void add_numbers(restart::Options& options) const;
  restart::Options options_of(std::size_t i);
  void prepare_host(std::size_t i);
  bool hear(std::size_t i, char wanted, char& heard) const;
  char give_up(std::size_t failed);
  void end_all_but(std::size_t failed);
  bool has_ended(std::size_t i) const { return index_.processes[i].ended; }

  restart::Options options_;
  const Hosts hosts_;
  const bool numbers_;
  ProcessSpace* const space_;
  const std::string advice_;
  bool here_ = false;     // the first is the process that this was made in
  std::size_t self_ = 0;  // which of them this process is
  context::GroupIndex index_;
  std::vector<PlannedProcess> plan_;
  std::vector<std::string> files_, host_of_;
  std::vector<UniqueFd> ours_, theirs_;              // by process; ended ones have none
  std::vector<std::optional<state::Image>> images_;  // until all that they share has been handed over
  std::vector<std::pair<int, UniqueFd>> standard_;
  state::DescriptorRoom room_;  // for what all of them share, which is open at once
  std::optional<SharedRestart> shared_;
  std::vector<std::string> notes_;
  restart::Options own_options_;  // of the process that this is, when all are there
  Common* common_ = nullptr;
  int failure_ = -1;
};

}  // namespace cairn::group
