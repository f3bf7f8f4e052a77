// SPDX-License-Identifier: Apache-2.0
// Who leads the checkpoint has seen the stops before it has woken anybody (GroupSharing::stops_seen).
#include "core/state/child_stops/kind.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/deadline.hpp"
#include "core/base/proc.hpp"
#include "core/context/format.h"
#include "core/state/child_stops/state.hpp"
#include "core/state/group_scope.hpp"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {
namespace {

constexpr double kPatience = 3;  // for children that are let go at the same time, and stop at once
constexpr useconds_t kLook = 1000;

bool has_been_told(pid_t child) noexcept {
  siginfo_t told{};
  return waitid(P_PID, static_cast<id_t>(child), &told, WSTOPPED | WNOHANG) != 0 || told.si_pid != 0;
}

// As the program did: the kernel forgets them then.
void wait_for_stops(const std::vector<std::int32_t>& children) noexcept {
  const Deadline patience(kPatience);
  for (const std::int32_t child : children) {
    while (!has_been_told(child) && !patience.passed()) usleep(kLook);
  }
}

std::vector<std::int32_t> own_children_of(const std::vector<std::int32_t>& members) {
  std::vector<std::int32_t> result;
  if (members.empty()) return result;
  for (const std::string& child : children_of("self")) {
    const auto pid = static_cast<std::int32_t>(to_number(child));
    if (std::find(members.begin(), members.end(), pid) != members.end()) result.push_back(pid);
  }
  return result;
}

ChildStops of_this_process() {
  const GroupSharing* const sharing = group_sharing();
  return {sharing != nullptr ? own_children_of(sharing->stops_seen) : std::vector<std::int32_t>()};
}

// The program has not continued them, and is not to hear that somebody has. It stands since before that.
void take_continues() {
  const GroupSharing* const sharing = group_sharing();
  if (sharing == nullptr) return;
  for (const std::int32_t child : own_children_of(sharing->woken)) {
    siginfo_t told{};
    waitid(P_PID, static_cast<id_t>(child), &told, WCONTINUED | WNOHANG);
  }
}

std::vector<std::uint8_t> capture(Capture& /*capture*/) {
  take_continues();
  ChildStops state = of_this_process();
  return state.seen.empty() ? std::vector<std::uint8_t>() : encode(state);
}

void check(const Image& image) {
  for (const std::int32_t child : image.get<ChildStops>().seen) {
    if (child <= 0) image.contradiction("a child has number " + std::to_string(child));
  }
}

class ChildStopsReviver : public Reviver {
 public:
  explicit ChildStopsReviver(Restart& restart) : restart_(restart) {}
  // Not if they have other numbers, or by the user's wish do not stop.
  void restore(Stage stage) override {
    const auto& signals = restart_.options.signals;
    const bool stop = signals.empty() || std::find(signals.begin(), signals.end(), SIGSTOP) != signals.end();
    if (stage == Stage::go && stop && !restart_.options.new_numbers)
      wait_for_stops(restart_.image.get<ChildStops>().seen);
  }

 private:
  Restart& restart_;
};

std::unique_ptr<Reviver> prepare(Restart& restart) { return std::make_unique<ChildStopsReviver>(restart); }

}  // namespace

void take_stops_again() noexcept {
  try {
    wait_for_stops(of_this_process().seen);
  } catch (const std::exception&) {  // then the program is told once more
  }
}

extern const Kind child_stops_kind;
const Kind child_stops_kind = {
    .name = ChildStops::section_name,
    .section = CAIRN_CTX_CHILD_STOPS,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture,
    .read = read_plain<ChildStops>,
    .check = check,
    .prepare = prepare,
    .documentation =
        {"stops of children that the program has waited for (WUNTRACED)",
         "in the section CHILD STOPS: the children's numbers; the host waits for their stop when they are stopped "
         "again",
         "SIGCHLD may come once more, unless with SA_NOCLDSTOP; before Linux 5.17, after a checkpoint that failed "
         "and with --no-restore-pid the program is told of the stop again; that a child was continued "
         "(WCONTINUED) is not told after a restart",
         "tests/process/groups/children.cpp"},
};

}  // namespace cairn::state
