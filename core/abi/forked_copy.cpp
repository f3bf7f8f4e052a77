// SPDX-License-Identifier: Apache-2.0
#include "core/abi/forked_copy.hpp"

#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/abi/guest_table.h"
#include "core/abi/host_table.h"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/queued_signal.hpp"
#include "core/base/seccomp_filters.hpp"

namespace cairn {
namespace {

// What is at the table's address in that process, if it is one of ours.
std::optional<cairn_table> table_of(pid_t pid) {
  cairn_table table{};
  const iovec here{&table, sizeof table}, there{reinterpret_cast<void*>(CAIRN_TABLE_ADDR), sizeof table};
  if (process_vm_readv(pid, &here, 1, &there, 1, 0) != static_cast<ssize_t>(sizeof table)) return std::nullopt;
  if (table.magic != CAIRN_TABLE_MAGIC || table.version != CAIRN_TABLE_VERSION || table.size < sizeof table)
    return std::nullopt;
  return table;
}

std::string status_of(pid_t pid) { return read_file("/proc/" + std::to_string(pid) + "/status").value_or(""); }

// Its number where it is: in the innermost namespace.
int own_number(const std::string& status) {
  const auto numbers = split_words(field(status, "NSpid"));
  return numbers.empty() ? 0 : static_cast<int>(to_number(numbers.back()));
}

// It has been asked, and has not got to it.
bool is_pending(const std::string& status) {
  return (to_number(field(status, "ShdPnd"), 16) >> (CAIRN_STOP_SIGNAL - 1) & 1) != 0;
}

bool is_settled_copy(const std::optional<cairn_table>& table, const std::string& status) {
  return table && table->copy != 0 && table->copy == own_number(status);
}

// There is no host where it is now. (That of its parent is changed as well, or this one's alone.)
void check_root(pid_t pid, const std::string& status) {
  const std::string own = read_link("/proc/" + std::to_string(pid) + "/root");
  const std::string parent = read_link("/proc/" + std::string(field(status, "PPid")) + "/root");
  if (own.empty() || parent.empty() || own == parent) return;
  throw PermanentError(name_of_process(pid) + " cannot be checkpointed: it has changed its root directory (chroot)");
}

// What may not be dumped shows as root's, and its new host could not read what the kernel tells of it.
void check_dumpable(pid_t pid, const std::string& status) {
  struct stat shown {};
  const auto user = effective_user(status);
  if (!user || stat(("/proc/" + std::to_string(pid) + "/auxv").c_str(), &shown) != 0 || shown.st_uid == *user) return;
  throw TemporaryError(name_of_process(pid) + " cannot be checkpointed: it may not be dumped (PR_SET_DUMPABLE)");
}

void check_filters(pid_t pid, const cairn_table& table) {
  const std::string threads = "/proc/" + std::to_string(pid) + "/task/";
  for (const std::string& thread : directory_entries(threads)) {
    const auto status = read_file(threads + thread + "/status");
    if (status && seccomp_filters(*status) != table.filters)
      throw PermanentError(name_of_process(pid) + " cannot be checkpointed: thread " + thread +
                           " has a seccomp filter");
  }
}

bool waits_in_kernel(std::string_view status) { return field(status, "State").starts_with('D'); }

// As a parent does for a child that vfork() has made.
bool has_waiting_thread(const std::string& process) {
  const std::string threads = "/proc/" + process + "/task/";
  const auto all = directory_entries(threads);
  return std::any_of(all.begin(), all.end(), [&](const std::string& thread) {
    return waits_in_kernel(read_file(threads + thread + "/status").value_or(""));
  });
}

}  // namespace

bool is_made_past_libc(pid_t pid) {
  const std::string status = status_of(pid), parent(field(status, "PPid"));
  if (status.empty() || is_settled_copy(table_of(pid), status) || waits_in_kernel(status)) return false;
  const long other_memory = syscall(SYS_kcmp, pid, static_cast<pid_t>(to_number(parent)), KCMP_VM, 0, 0);
  return other_memory > 0 || (other_memory == 0 && !has_waiting_thread(parent));
}

void check_sandbox(pid_t pid) {
  if (const auto table = table_of(pid)) check_filters(pid, *table);
}

bool is_forked_copy(pid_t pid) { return is_settled_copy(table_of(pid), status_of(pid)); }

bool ask_for_host(pid_t pid, bool& asked) {
  const auto table = table_of(pid);
  const std::string status = status_of(pid);
  if (!is_settled_copy(table, status)) return false;
  check_filters(pid, *table);
  check_root(pid, status);
  check_dumpable(pid, status);
  if (table->adoption != CAIRN_ADOPTION_NONE || is_pending(status)) return true;
  if (asked && table->adoption_failure[0] != '\0') return false;
  asked = true;
  return queue_signal(pid, CAIRN_STOP_SIGNAL, CAIRN_ADOPT_VALUE) == 0;
}

std::string why_no_host(pid_t pid) {
  const auto table = table_of(pid);
  if (!table) return std::string(with_errno("its memory cannot be read", errno));
  if (!is_settled_copy(table, status_of(pid))) return "it executes a program now";
  const std::string why(table->adoption_failure, strnlen(table->adoption_failure, sizeof table->adoption_failure));
  return why.empty() ? "none of its threads could be interrupted" : why;
}

}  // namespace cairn
