// SPDX-License-Identifier: Apache-2.0
#include "core/base/process_mark.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <exception>

#include "core/base/field_text.hpp"
#include "core/base/proc.hpp"

namespace cairn {
namespace {

constexpr std::size_t kStateField = 0, kFlagsField = 6, kStartField = 19;  // of stat_fields()
constexpr std::uint64_t kExiting = 4;                                      // PF_EXITING of the kernel

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

struct Life {
  bool known, ended, ends;
  std::uint64_t start;
};

// Unknown if there is no such process, or /proc does not show it.
Life life_of(pid_t pid) {
  try {
    const auto fields = stat_fields("/proc/" + std::to_string(pid) + "/stat");
    const std::string& state = fields.at(kStateField);
    const bool ends = (to_number(fields.at(kFlagsField)) & kExiting) != 0;
    return {true, state == "Z" || state == "X", ends, to_number(fields.at(kStartField))};
  } catch (const std::exception&) {
    return {};
  }
}

class LineWriter {
 public:
  template <class T>
  void operator()(const char* name, T& member) {
    lines += std::string(name) + "=" + to_text(member) + "\n";
  }
  std::string lines;
};

class LineReader {
 public:
  explicit LineReader(std::string_view lines) : rest_(lines) {}
  template <class T>
  void operator()(const char* name, T& member) {
    const std::string begin = std::string(name) + "=";
    const std::size_t end = rest_.find('\n');
    whole = whole && end != std::string_view::npos && rest_.starts_with(begin) &&
            from_text(rest_.substr(begin.size(), end - begin.size()), member);
    if (whole) rest_.remove_prefix(end + 1);
  }
  bool whole = true;

 private:
  std::string_view rest_;
};

}  // namespace

bool runs_nobody(pid_t pid) {
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  const Life life = life_of(pid);
  return life.known && life.ended;
}

bool ends(pid_t pid) { return runs_nobody(pid) || life_of(pid).ends; }

ProcessMark ProcessMark::of_self() {
  ProcessMark mark;
  mark.pid = static_cast<std::uint64_t>(::getpid());
  mark.start = life_of(::getpid()).start;
  struct stat st {};
  if (::stat("/proc/self/ns/pid", &st) == 0) mark.numbers = st.st_ino;
  mark.machine = host_name();
  mark.boot = trimmed(read_file("/proc/sys/kernel/random/boot_id").value_or(""));
  mark.id = trimmed(read_file("/etc/machine-id").value_or(""));
  return mark;
}

bool ProcessMark::is_gone() const {
  const ProcessMark here = of_self();
  if (pid == 0 || pid > INT_MAX || start == 0 || machine != here.machine || boot.empty()) return false;
  // A container's host name and identity may be those of many; only the first namespace has the same inode everywhere.
  if (numbers != here.numbers) return false;
  if (boot != here.boot) return !id.empty() && id == here.id;
  const auto number = static_cast<pid_t>(pid);
  const Life life = life_of(number);
  return (life.known && life.start != start) || runs_nobody(number);
}

std::string ProcessMark::to_lines() const {
  LineWriter writer;
  ProcessMark(*this).fields(writer);
  return writer.lines;
}

std::optional<ProcessMark> ProcessMark::from_lines(std::string_view lines) {
  ProcessMark mark;
  LineReader reader(lines);
  mark.fields(reader);
  if (!reader.whole) return std::nullopt;
  return mark;
}

}  // namespace cairn
