// SPDX-License-Identifier: Apache-2.0
// What all threads of a process share unless one of them has left it (unshare, setns), and what none can be set to
// again.
#include <linux/kcmp.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/resident.hpp"
#include "core/state/settings/kind.hpp"
#include "core/state/settings/namespaces.hpp"

namespace cairn::state {
namespace {

// 0: the same. Where the kernel does not say, or the thread has ended, nothing is known.
bool has_own(int tid, long what) {
  const long result = raw_syscall(SYS_kcmp, own_tid(), tid, what);
  return !is_error(result) && result != 0;
}

[[noreturn]] void refuse(int tid, const std::string& what) {
  throw PermanentError("thread " + std::to_string(tid) + " has " + what + ", which cannot be saved");
}

void check_sharing(int tid, const std::string& own, const std::string& task) {
  if (has_own(tid, KCMP_FILES)) refuse(tid, "descriptors of its own (unshare)");
  if (has_own(tid, KCMP_FS)) refuse(tid, "a working directory of its own (unshare)");
  for (const char* name : namespaces_of_threads()) {
    const std::string theirs = read_link(task + "/ns/" + name), ours = read_link(own + "/ns/" + name);
    if (!theirs.empty() && theirs != ours)
      refuse(tid, std::string("another namespace (") + name + ") than the process was started in");
  }
  const auto label = read_file(task + "/attr/current");
  if (label && label != read_file(own + "/attr/current"))
    refuse(tid, "a security label of its own: " + trimmed(*label));
}

void check_features(int tid, const std::string& task) {
  const std::string status = read_file(task + "/status").value_or("");
  const std::string_view shadow = field(status, "x86_Thread_features"), mask = field(status, "untag_mask");
  if (!shadow.empty()) refuse(tid, "a shadow stack (" + std::string(shadow) + ")");
  if (!mask.empty() && mask != "0xffffffffffffffff") refuse(tid, "tagged addresses (mask " + std::string(mask) + ")");
}

// The segments of modify_ldt(2), which all threads share.
void check_segments() {
  std::vector<std::uint64_t> table(8192);
  const long bytes =
      raw_syscall(SYS_modify_ldt, 0, address(table.data()), static_cast<long>(table.size() * sizeof table[0]));
  const auto used = [](std::uint64_t entry) { return entry != 0; };
  if (!is_error(bytes) && std::any_of(table.begin(), table.end(), used))
    throw PermanentError("it has segments of its own (modify_ldt), which cannot be saved");
}

}  // namespace

void settings_obstacle(const cairn_guest& guest) {
  if ((load(guest.untold) & CAIRN_UNTOLD_SYSCALL_DISPATCH) != 0)
    throw TemporaryError(
        "a thread has its system calls dispatched (PR_SET_SYSCALL_USER_DISPATCH), which cannot be saved");
  if ((load(guest.untold) & CAIRN_UNTOLD_LANDLOCK) != 0)
    throw PermanentError("a thread has restricted itself (landlock), which cannot be saved");
  check_segments();
  check_namespaces();
  const std::string tasks = "/proc/self/task/", own = tasks + std::to_string(own_tid());
  for (int tid : host::guest_threads()) {
    const std::string task = tasks + std::to_string(tid);
    check_sharing(tid, own, task);
    check_features(tid, task);
  }
}

}  // namespace cairn::state
