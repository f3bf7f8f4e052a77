// SPDX-License-Identifier: Apache-2.0
// In the order of the pages. An item that changes its fate changes its row and has a test.
#include "core/state/manual_pages.hpp"

namespace cairn::state {
namespace {

using enum Fate;

#define STATE "tests/state/"
constexpr const char* kProcess = STATE "process/settings.cpp";
constexpr const char* kInherited = STATE "process/inherited.py";
constexpr const char* kChosen = STATE "settings/chosen.cpp";
constexpr const char* kRights = STATE "credentials/credentials.cpp";
constexpr const char* kThreads = STATE "threads/threads.cpp";
constexpr const char* kSignals = STATE "signals/signals.cpp";
constexpr const char* kMemory = STATE "memory/memory.cpp";
constexpr const char* kParticulars = STATE "memory/particulars.cpp";
constexpr const char* kFutureLocks = STATE "memory/lock_future.cpp";
constexpr const char* kFiles = STATE "descriptors/files.cpp";
constexpr const char* kRefused = STATE "refusals/refused.cpp";
#undef STATE

constexpr ManualItem kItems[] = {
    {"proc(5), status", "Name (of each thread)", saved, "", kThreads},
    {"proc(5), status", "Umask", chosen, "", kInherited},
    {"proc(5), status", "State", saved, "stopped by job control, or not", "tests/process/commands/commands.py"},
    {"proc(5), status", "Pid, Tgid, NStgid", saved, "if permitted and free, else said", kProcess},
    {"proc(5), status", "PPid", new_place, "cr_restart", ""},
    {"proc(5), status", "TracerPid", refused, "", ""},
    {"proc(5), status", "Uid, Gid, Groups", saved, "never more rights than were saved", kRights},
    {"proc(5), status", "FDSize", new_place, "how large the kernel's table is", ""},
    {"proc(5), status", "NSpid, NSpgid, NSsid", new_place, "", ""},
    {"proc(5), status", "VmPeak, VmHWM, Rss..., HugetlbPages", new_place, "counters", ""},
    {"proc(5), status", "VmLck", saved, "", kMemory},
    {"proc(5), status", "CoreDumping, THP_enabled", saved, "PR_SET_THP_DISABLE", kProcess},
    {"proc(5), status", "untag_mask", refused, "if addresses are tagged", ""},
    {"proc(5), status", "SigQ, SigPnd, ShdPnd", saved, "", kSignals},
    {"proc(5), status", "SigBlk, SigIgn, SigCgt", saved, "", kSignals},
    {"proc(5), status", "CapInh, CapPrm, CapEff, CapBnd, CapAmb", saved, "never more than were saved", kRights},
    {"proc(5), status", "NoNewPrivs", saved, "", kRights},
    {"proc(5), status", "Seccomp, Seccomp_filters", refused, "", ""},
    {"proc(5), status", "Speculation_Store_Bypass, SpeculationIndirectBranch", chosen, "where the CPU has it", kChosen},
    {"proc(5), status", "Cpus_allowed", chosen, "as far as the machine has them", kInherited},
    {"proc(5), status", "Mems_allowed, cgroups", new_place, "", ""},
    {"proc(5), status", "voluntary_ctxt_switches ...", new_place, "counters", ""},
    {"proc(5), status", "x86_Thread_features", refused, "shadow stacks", ""},
    {"proc(5)", "coredump_filter", chosen, "", kChosen},
    {"proc(5)", "cwd, exe, cmdline, environ, auxv", saved, "", kProcess},
    {"proc(5)", "root", refused, "if changed (chroot)", ""},
    {"proc(5)", "limits", chosen, "as far as the user may; what shrinks is named", kInherited},
    {"proc(5)", "oom_score_adj", chosen, "as far as the user may", kInherited},
    {"proc(5)", "timerslack_ns", saved, "", kProcess},
    {"proc(5)", "personality", chosen, "thread by thread", kChosen},
    {"proc(5)", "attr/current", refused, "if a thread has another than the process was started with", ""},
    {"proc(5)", "ns/*", refused, "if a thread has left one", kRefused},
    {"proc(5)", "loginuid, sessionid", new_place, "", ""},
    {"proc(5)", "times, io, sched, schedstat", new_place, "counters, processor time", ""},

    {"credentials(7)", "process group, session", new_place, "", ""},
    {"credentials(7)", "file-system user and group", saved, "", kRights},
    {"credentials(7)", "keyrings", new_place, "", ""},
    {"capabilities(7)", "securebits", saved, "thread by thread", kRights},

    {"prctl(2)", "PR_SET_NAME", saved, "", kThreads},
    {"prctl(2)", "PR_SET_DUMPABLE", saved, "", kProcess},
    {"prctl(2)", "PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAPBSET_DROP, PR_CAP_AMBIENT", saved, "", kRights},
    {"prctl(2)", "PR_SET_NO_NEW_PRIVS", saved, "", kRights},
    {"prctl(2)", "PR_SET_PDEATHSIG", chosen, "the parent is cr_restart", kChosen},
    {"prctl(2)", "PR_SET_CHILD_SUBREAPER", saved, "", kProcess},
    {"prctl(2)", "PR_SET_TIMERSLACK", saved, "", kProcess},
    {"prctl(2)", "PR_SET_THP_DISABLE", saved, "", kProcess},
    {"prctl(2)", "PR_SET_TSC", chosen, "", kChosen},
    {"prctl(2)", "PR_MCE_KILL", chosen, "", kChosen},
    {"prctl(2)", "PR_SET_IO_FLUSHER", chosen, "refused where not permitted", kChosen},
    {"prctl(2)", "PR_SET_SPECULATION_CTRL", chosen, "where the CPU has it", kChosen},
    {"prctl(2)", "PR_SET_MDWE", chosen, "", kChosen},
    {"prctl(2)", "PR_SET_MEMORY_MERGE", chosen, "where permitted", kChosen},
    {"prctl(2)", "PR_SET_MM", saved, "heap, stack, arguments, environment", kProcess},
    {"prctl(2)", "PR_SET_VMA", saved, "names of anonymous memory", kParticulars},
    {"prctl(2)", "PR_SET_TAGGED_ADDR_CTRL, shadow stacks", refused, "", ""},
    {"prctl(2)", "PR_SET_SECCOMP", refused, "", ""},
    {"prctl(2)", "PR_SET_PTRACER", lost, "the kernel does not tell", ""},
    {"prctl(2)", "PR_SET_SYSCALL_USER_DISPATCH", lost, "the kernel tells debuggers only", ""},
    {"prctl(2)", "PR_SCHED_CORE", lost, "", ""},
    {"arch_prctl(2)", "ARCH_SET_FS, ARCH_SET_CPUID", chosen, "thread by thread", kChosen},
    {"arch_prctl(2)", "ARCH_SET_GS", lost, "", ""},

    {"fcntl(2)", "F_SETFD, F_SETFL", saved, "", kFiles},
    {"fcntl(2)", "F_SETOWN, F_SETSIG, O_ASYNC", saved, "another owner than the process itself is refused", kChosen},
    {"fcntl(2)", "F_SETLK, F_OFD_SETLK, flock, F_SETLEASE", refused, "", kRefused},
    {"fcntl(2)", "F_NOTIFY", lost, "", ""},
    {"fcntl(2)", "F_SETPIPE_SZ, F_ADD_SEALS", refused, "with their descriptors", kRefused},
    {"fcntl(2)", "F_SET_RW_HINT", lost, "it belongs to the file", ""},

    {"madvise(2)", "MADV_RANDOM, MADV_SEQUENTIAL", saved, "", kMemory},
    {"madvise(2)", "MADV_DONTFORK, MADV_WIPEONFORK, MADV_DONTDUMP", saved, "", kMemory},
    {"madvise(2)", "MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE", saved, "", kMemory},
    {"madvise(2)", "MADV_GUARD_INSTALL", saved, "seen since Linux 6.15; before, lost", kParticulars},
    {"madvise(2)", "MADV_FREE, MADV_COLD", new_place, "pages are there with their contents", ""},
    {"mmap(2)", "MAP_DROPPABLE", saved, "", kParticulars},
    {"mmap(2)", "MAP_GROWSDOWN, MAP_NORESERVE, MAP_HUGETLB", saved, "", kMemory},
    {"mseal(2)", "sealed memory", saved, "refused where the kernel has none", kParticulars},
    {"mbind(2)", "policy of a mapping", saved, "where the machine has the nodes", kParticulars},
    {"mlock(2)", "mlock, mlock2", saved, "", kMemory},
    {"mlock(2)", "mlockall(MCL_FUTURE, MCL_ONFAULT)", saved, "", kFutureLocks},
    {"pkeys(7)", "keys of mappings", refused, "a key without a mapping is lost", ""},
    {"set_mempolicy(2)", "policy of a thread", chosen, "where the machine has the nodes", kChosen},
    {"membarrier(2)", "registrations", chosen, "the global one is seen since Linux 6.3", kChosen},

    {"sched(7)", "policy, priority, nice, affinity", chosen, "as far as the user may", kInherited},
    {"sched(7)", "autogroup", new_place, "", ""},
    {"ioprio_set(2)", "of each thread", chosen, "as far as the user may", kChosen},
    {"unshare(2)", "CLONE_FILES, CLONE_FS, namespaces", refused, "of a thread", kRefused},
    {"set_robust_list(2), rseq(2)", "of each thread", saved, "", kThreads},
};

}  // namespace

std::span<const ManualItem> manual_items() noexcept { return kItems; }

const char* fate_text(Fate fate) noexcept {
  switch (fate) {
    case saved:
      return "saved";
    case chosen:
      return "saved if the program has set it, else the new place's";
    case new_place:
      return "the new place's";
    case refused:
      return "refused";
    case lost:
      break;
  }
  return "not kept";
}

}  // namespace cairn::state
