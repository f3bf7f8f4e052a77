// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/process_mark.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <exception>

#include "core/base/proc.hpp"

namespace cairn::pmix {
namespace {

constexpr std::size_t kStateField = 0, kStartField = 19;  // of stat_fields()

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

struct Life {
  bool known, ended;
  std::uint64_t start;
};

// Unknown if there is no such process, or /proc does not show it.
Life life_of(pid_t pid) {
  try {
    const auto fields = stat_fields("/proc/" + std::to_string(pid) + "/stat");
    const std::string& state = fields.at(kStateField);
    return {true, state == "Z" || state == "X", to_number(fields.at(kStartField))};
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace

bool runs_nobody(pid_t pid) {
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  const Life life = life_of(pid);
  return life.known && life.ended;
}

ProcessMark ProcessMark::of_self() {
  ProcessMark mark;
  mark.pid = static_cast<std::uint64_t>(::getpid());
  mark.start = life_of(::getpid()).start;
  struct stat st {};
  if (::stat("/proc/self/ns/pid", &st) == 0) mark.numbers = st.st_ino;
  mark.machine = host_name();
  mark.boot = trimmed(read_file("/proc/sys/kernel/random/boot_id").value_or(""));
  return mark;
}

bool ProcessMark::is_gone() const {
  const ProcessMark here = of_self();
  if (pid == 0 || pid > INT_MAX || start == 0 || machine != here.machine || boot.empty()) return false;
  if (boot != here.boot) return true;
  if (numbers != here.numbers) return false;
  const auto number = static_cast<pid_t>(pid);
  const Life life = life_of(number);
  return (life.known && life.start != start) || runs_nobody(number);
}

}  // namespace cairn::pmix
