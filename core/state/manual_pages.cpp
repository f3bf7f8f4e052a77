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
constexpr const char* kOfThread = STATE "threads/particulars.cpp";
constexpr const char* kDeadline = STATE "threads/deadline.cpp";
constexpr const char* kRseq = STATE "threads/rseq.cpp";
constexpr const char* kSignals = STATE "signals/signals.cpp";
constexpr const char* kMemory = STATE "memory/memory.cpp";
constexpr const char* kParticulars = STATE "memory/particulars.cpp";
constexpr const char* kSystemV = STATE "system_v/system_v.py";
constexpr const char* kUndo = STATE "system_v/undo.cpp";
constexpr const char* kHandedOn = STATE "system_v/handed_on.py";
constexpr const char* kMessageQueues = STATE "descriptors/message_queues.py";
constexpr const char* kRecordLocks = STATE "record_locks/record_locks.py";
constexpr const char* kLocks = STATE "descriptors/locks.py";
constexpr const char* kPipes = STATE "descriptors/pipes.cpp";
constexpr const char* kNameless = STATE "descriptors/nameless.cpp";
constexpr const char* kFutureLocks = STATE "memory/lock_future.cpp";
constexpr const char* kFiles = STATE "descriptors/files.cpp";
constexpr const char* kFlags = STATE "descriptors/flags.cpp";
constexpr const char* kTimers = STATE "timers/timers.cpp";
constexpr const char* kClocks = STATE "clocks/clocks.cpp";
constexpr const char* kProcessorTime = STATE "clocks/processor_time.cpp";
constexpr const char* kLimits = STATE "process/limits.cpp";
constexpr const char* kNotedLimits = STATE "process/noted_limits.cpp";
constexpr const char* kRefused = STATE "refusals/refused.cpp";
constexpr const char* kNamespaces = STATE "refusals/namespaces.py";
constexpr const char* kSandbox = STATE "refusals/sandbox.py";
constexpr const char* kRare = STATE "refusals/rare.cpp";
#undef STATE

constexpr ManualItem kItems[] = {
    {"proc(5), status", "Name (of each thread)", saved, "", kThreads},
    {"proc(5), status", "Umask", chosen, "", kInherited},
    {"proc(5), status", "State", saved, "stopped by job control, or not", "tests/process/commands/commands.py"},
    {"proc(5), status", "Pid, Tgid, NStgid", saved, "if permitted and free, else said", kProcess},
    {"proc(5), status", "PPid", new_place, "cr_restart", ""},
    {"proc(5), status", "TracerPid", refused, "", kRefused},
    {"proc(5), status", "Uid, Gid, Groups", saved, "never more rights than were saved", kRights},
    {"proc(5), status", "FDSize", new_place, "how large the kernel's table is", ""},
    {"proc(5), status", "NSpid, NSpgid, NSsid", new_place, "", ""},
    {"proc(5), status", "VmPeak, VmSize, VmHWM, VmRSS, Rss*, VmPTE, VmPMD, VmSwap, HugetlbPages", new_place, "counters",
     ""},
    {"proc(5), status", "VmLck", saved, "", kMemory},
    {"proc(5), status", "VmData, VmStk, VmExe, VmLib", saved, "with the mappings", kMemory},
    {"proc(5), status", "VmPin", new_place, "pinned for a device, or io_uring, which is refused", ""},
    {"proc(5), status", "Threads", saved, "", kThreads},
    {"proc(5), status", "Ngid, Kthread", new_place, "of the kernel's own", ""},
    {"proc(5), status", "THP_enabled", saved, "PR_SET_THP_DISABLE", kProcess},
    {"proc(5), status", "untag_mask", refused, "if addresses are tagged", kRare},
    {"proc(5), status", "SigQ, SigPnd, ShdPnd", saved, "", kSignals},
    {"proc(5), status", "SigBlk, SigIgn, SigCgt", saved, "", kSignals},
    {"proc(5), status", "CapInh, CapPrm, CapEff, CapBnd, CapAmb", saved, "never more than were saved", kRights},
    {"proc(5), status", "NoNewPrivs", saved, "", kRights},
    {"proc(5), status", "Seccomp, Seccomp_filters", new_place, "as a container has them; refused if put on since",
     kSandbox},
    {"proc(5), status", "Speculation_Store_Bypass, SpeculationIndirectBranch", chosen, "where the CPU has it", kChosen},
    {"proc(5), status", "Cpus_allowed, Cpus_allowed_list", chosen, "as far as the machine has them", kInherited},
    {"proc(5), status", "Mems_allowed, Mems_allowed_list, CoreDumping", new_place, "", ""},
    {"proc(5), status", "voluntary_ctxt_switches, nonvoluntary_ctxt_switches", new_place, "counters", ""},
    {"proc(5), status", "x86_Thread_features, x86_Thread_features_locked", refused, "shadow stacks", kRare},
    {"proc(5)", "coredump_filter", chosen, "", kChosen},
    {"proc(5)", "cwd, exe, cmdline, environ, auxv", saved, "", kProcess},
    {"proc(5)", "root", refused, "if changed (chroot)", kRefused},
    {"proc(5)", "limits", chosen, "as far as the user may; what shrinks is named", kInherited},
    {"proc(5)", "oom_score_adj", chosen, "as far as the user may", kInherited},
    {"proc(5)", "timerslack_ns", saved, "", kProcess},
    {"proc(5)", "personality", chosen, "thread by thread", kChosen},
    {"proc(5)", "attr/current", refused, "if a thread has another than the process was started with", kRare},
    {"proc(5)", "ns/*", refused, "if it, a thread, or what executed it has left one", kNamespaces},
    {"proc(5)", "loginuid, sessionid", new_place, "", ""},
    {"proc(5)", "times, io, sched, schedstat", new_place, "counters, processor time", ""},

    {"credentials(7)", "process group, session", new_place, "", ""},
    {"credentials(7)", "file-system user and group", saved, "", kRights},
    {"credentials(7)", "keyrings", new_place, "", ""},
    {"capabilities(7)", "CAP_*", saved, "never more than were saved", kRights},
    {"capabilities(7)", "SECBIT_*", saved, "thread by thread", kRights},
    {"landlock(7)", "rules of a thread", refused, "if they are set through libc's syscall()", kRefused},

    {"prctl(2)", "PR_GET_*, PR_CAPBSET_READ, PR_MCE_KILL_GET", no_state, "questions", ""},
    {"prctl(2)", "PR_SET_NAME", saved, "", kThreads},
    {"prctl(2)", "PR_SET_DUMPABLE", saved, "refused while it is 0 and the user is no administrator", kProcess},
    {"prctl(2)", "PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAPBSET_DROP, PR_CAP_AMBIENT*", saved, "", kRights},
    {"prctl(2)", "PR_SET_NO_NEW_PRIVS", saved, "", kRights},
    {"prctl(2)", "PR_SET_PDEATHSIG", chosen, "the parent is cr_restart", kChosen},
    {"prctl(2)", "PR_SET_CHILD_SUBREAPER", saved, "", kProcess},
    {"prctl(2)", "PR_SET_TIMERSLACK", saved, "", kProcess},
    {"prctl(2)", "PR_SET_THP_DISABLE", saved, "", kProcess},
    {"prctl(2)", "PR_SET_TSC, PR_TSC_*", chosen, "", kChosen},
    {"prctl(2)", "PR_MCE_KILL*", chosen, "", kChosen},
    {"prctl(2)", "PR_SET_IO_FLUSHER", chosen, "refused where not permitted", kChosen},
    {"prctl(2)", "PR_SET_SPECULATION_CTRL, PR_SPEC_*", chosen, "where the CPU has it", kChosen},
    {"prctl(2)", "PR_SET_MDWE, PR_MDWE_*", chosen, "", kChosen},
    {"prctl(2)", "PR_SET_MEMORY_MERGE", chosen, "where permitted", kChosen},
    {"prctl(2)", "PR_SET_MM, PR_SET_MM_*", saved, "heap, stack, arguments, environment", kProcess},
    {"prctl(2)", "PR_SET_VMA*", saved, "names of anonymous memory", kParticulars},
    {"prctl(2)", "PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, PR_MTE_*, PR_PMLEN_*", refused,
     "if addresses are tagged; not while there are several threads, as in a host", kRare},
    {"prctl(2)", "PR_SET_SHADOW_STACK_STATUS, PR_LOCK_SHADOW_STACK_STATUS, PR_SHADOW_STACK_*", refused, "", kRare},
    {"prctl(2)", "PR_SET_SECCOMP", refused, "", kRefused},
    {"prctl(2)", "PR_SET_PTRACER*", lost, "the kernel does not tell", ""},
    {"prctl(2)", "PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_*", refused, "if it is set through libc", kRefused},
    {"prctl(2)", "PR_SCHED_CORE*", lost, "a cookie cannot be made again, only shared", ""},
    {"prctl(2)", "PR_TASK_PERF_EVENTS_*", no_state, "counters of perf_event_open(2), whose descriptors are refused",
     ""},
    {"prctl(2)", "PR_SET_TIMING, PR_TIMING_*", no_state, "there is one value only", ""},
    {"prctl(2)", "PR_MPX_*", no_state, "gone since Linux 5.4", ""},
    {"prctl(2)", "PR_SET_ENDIAN, PR_ENDIAN_*, PR_SET_FPEMU, PR_FPEMU_*, PR_SET_FPEXC, PR_FP_*, PR_SET_FP_MODE",
     no_state, "other processors", ""},
    {"prctl(2)", "PR_SET_UNALIGN, PR_UNALIGN_*, PR_SVE_*, PR_SME_*, PR_PAC_*", no_state, "other processors", ""},
    {"arch_prctl(2)", "ARCH_SET_FS, ARCH_SET_CPUID", chosen, "thread by thread", kChosen},
    {"arch_prctl(2)", "ARCH_SET_GS", saved, "thread by thread", kOfThread},
    {"arch_prctl(2)", "ARCH_GET_*", no_state, "questions", ""},
    {"arch_prctl(2)", "ARCH_REQ_XCOMP_PERM", saved, "of threads that have used AMX tiles",
     "tests/state/threads/tiles.cpp"},
    {"arch_prctl(2)", "ARCH_REQ_XCOMP_GUEST_PERM", no_state, "of virtual machines, whose descriptors are refused", ""},
    {"arch_prctl(2)", "ARCH_MAP_VDSO_*", no_state, "the mapping is saved or refused as such", ""},

    {"fcntl(2)", "F_DUPFD, F_DUPFD_CLOEXEC, F_SETFD, F_SETFL", saved, "", kFiles},
    {"fcntl(2)", "F_SETOWN, F_SETOWN_EX, F_SETSIG, O_ASYNC", saved, "another owner than the process itself is refused",
     kChosen},
    {"fcntl(2)", "F_OFD_SETLK*, flock", saved, "taken again; refused where somebody else has it then", kLocks},
    {"fcntl(2)", "F_SETLK*", saved, "the same", kRecordLocks},
    {"fcntl(2)", "F_SETLEASE", refused, "", kRefused},
    {"fcntl(2)", "F_NOTIFY", lost, "the kernel does not tell", ""},
    {"fcntl(2)", "F_SETPIPE_SZ", saved, "", kPipes},
    {"fcntl(2)", "F_ADD_SEALS, F_SEAL_*", saved, "", kNameless},
    {"fcntl(2)", "F_SET_RW_HINT, F_SET_FILE_RW_HINT", no_state, "it belongs to the file", ""},
    {"fcntl(2)", "F_GET*, F_OFD_GETLK", no_state, "questions", ""},
    {"fcntl(2)", "F_RDLCK, F_WRLCK, F_UNLCK, F_EXLCK, F_SHLCK, F_OWNER_*", no_state, "values of others", ""},
    {"lockf(3)", "F_LOCK, F_TLOCK, F_ULOCK, F_TEST", saved, "as F_SETLK", kRecordLocks},

    {"madvise(2)", "MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL", saved, "", kMemory},
    {"madvise(2)", "MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP", saved,
     "", kMemory},
    {"madvise(2)", "MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE, MADV_UNMERGEABLE", saved, "", kMemory},
    {"madvise(2)", "MADV_GUARD_INSTALL, MADV_GUARD_REMOVE", saved, "seen since Linux 6.15; before, lost", kParticulars},
    {"madvise(2)", "MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE", new_place,
     "pages are there with their contents", ""},
    {"madvise(2)", "MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_REMOVE, MADV_WILLNEED, MADV_POPULATE_*", no_state,
     "done when they return", ""},
    {"madvise(2)", "MADV_HWPOISON, MADV_SOFT_OFFLINE", no_state, "done to the machine's memory", ""},
    {"mmap(2)", "MAP_DROPPABLE", saved, "", kParticulars},
    {"mmap(2)", "PROT_READ, PROT_WRITE, PROT_EXEC, PROT_NONE", saved, "", kMemory},
    {"mmap(2)", "PROT_GROWSDOWN, PROT_GROWSUP, PROT_SEM", no_state, "of the call, or of other processors", ""},
    {"mmap(2)", "MAP_SHARED, MAP_SHARED_VALIDATE, MAP_PRIVATE, MAP_ANON, MAP_ANONYMOUS, MAP_FILE, MAP_TYPE", saved, "",
     kMemory},
    {"mmap(2)", "MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_32BIT", saved, "addresses stay; above 0x300000000000 refused",
     kMemory},
    {"mmap(2)", "MAP_GROWSDOWN, MAP_NORESERVE, MAP_HUGETLB", saved, "", kMemory},
    {"mmap(2)", "MAP_HUGE_*", refused, "other sizes than the machine's default, and shared ones", kRare},
    {"mmap(2)", "MAP_LOCKED", saved, "as mlock", kMemory},
    {"mmap(2)", "MAP_SYNC", refused, "memory of a device", kRare},
    {"mmap(2)", "MAP_POPULATE, MAP_NONBLOCK, MAP_STACK, MAP_UNINITIALIZED, MAP_DENYWRITE, MAP_EXECUTABLE, MAP_FAILED",
     no_state, "done when it returns, or without effect", ""},
    {"mseal(2)", "sealed memory", saved, "refused where the kernel has none", kParticulars},
    {"mbind(2)", "policy of a mapping", saved, "where the machine has the nodes", kParticulars},
    {"mlock(2)", "mlock, mlock2, MLOCK_ONFAULT, MCL_CURRENT", saved, "", kMemory},
    {"mlock(2)", "MCL_FUTURE, MCL_ONFAULT", saved, "", kFutureLocks},
    {"pkeys(7)", "keys of mappings", refused, "a key without a mapping is lost", kRare},
    {"set_mempolicy(2)", "MPOL_*", chosen, "where the machine has the nodes", kChosen},
    {"set_mempolicy_home_node(2)", "home node of a mapping", lost, "the kernel does not tell", ""},
    {"membarrier(2)", "MEMBARRIER_CMD_REGISTER_*", chosen, "the global one is seen since Linux 6.3", kChosen},
    {"membarrier(2)",
     "MEMBARRIER_CMD_QUERY, MEMBARRIER_CMD_SHARED, MEMBARRIER_CMD_GLOBAL, MEMBARRIER_CMD_GLOBAL_EXPEDITED, "
     "MEMBARRIER_CMD_PRIVATE_*, MEMBARRIER_CMD_FLAG_CPU, MEMBARRIER_CMD_GET_REGISTRATIONS",
     no_state, "done when they return", ""},

    {"svipc(7)", "shmget, shmat, SHM_RDONLY, SHM_EXEC, SHM_REMAP, SHM_LOCK, IPC_RMID while it is attached", saved, "",
     kSystemV},
    {"svipc(7)", "semget, semctl, values", saved, "", kSystemV},
    {"svipc(7)", "semop, semtimedop, SEM_UNDO", saved, "also in a handler that has interrupted them", kUndo},
    {"svipc(7)", "msgget, msgsnd, msgrcv, messages, msg_qbytes", saved, "", kSystemV},
    {"svipc(7)", "keys, rights, owner", saved, "", kSystemV},
    {"svipc(7)", "numbers", saved,
     "the same where permitted; else translated for the program, its copies and what it executes", kHandedOn},
    {"svipc(7)", "times, last users, SHM_HUGETLB, SHM_NORESERVE", new_place, "", ""},
    {"mq_overview(7)", "mq_open, mq_attr, messages with priorities, mq_unlink", saved, "", kMessageQueues},
    {"mq_overview(7)", "mq_notify", refused, "while it lasts", kRefused},

    {"open(2)", "O_RDONLY, O_WRONLY, O_RDWR, O_ACCMODE, O_APPEND, O_DIRECT, O_DSYNC, O_SYNC, O_RSYNC, O_FSYNC", saved,
     "", kFlags},
    {"open(2)", "O_NOATIME, O_NONBLOCK, O_NDELAY, O_PATH, O_LARGEFILE", saved, "", kFlags},
    {"open(2)", "O_ASYNC", saved, "as F_SETOWN", kChosen},
    {"open(2)", "O_CLOEXEC", saved, "", kFiles},
    {"open(2)", "O_CREAT, O_EXCL, O_TRUNC, O_NOCTTY, O_NOFOLLOW, O_DIRECTORY", no_state, "done when it returns",
     kFlags},
    {"open(2)", "O_TMPFILE", saved, "as a deleted file", kNameless},

    {"sched(7)", "affinity", chosen, "as far as the user may", kInherited},
    {"sched(7)", "SCHED_OTHER, SCHED_NORMAL, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR, priority, nice", chosen,
     "as far as the user may", kOfThread},
    {"sched(7)", "SCHED_RESET_ON_FORK, SCHED_FLAG_RESET_ON_FORK", chosen, "", kOfThread},
    {"sched(7)", "SCHED_DEADLINE, SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN", chosen, "as far as the user may",
     kDeadline},
    {"sched(7)", "SCHED_FLAG_UTIL_CLAMP*", lost, "a hint about the processor's frequency", ""},
    {"sched(7)", "SCHED_FLAG_KEEP_*, SCHED_FLAG_ALL, SCHED_ISO", no_state, "of the call, or not there", ""},
    {"sched(7)", "autogroup", new_place, "", ""},
    {"ioprio_set(2)", "IOPRIO_*, of each thread", chosen, "as far as the user may", kChosen},
    {"clone(2)", "CLONE_FILES, CLONE_FS, CLONE_NEW*", refused, "of a thread (unshare)", kRefused},
    {"clone(2)", "CLONE_VM, CLONE_SIGHAND, CLONE_THREAD, CLONE_SETTLS, CLONE_CHILD_CLEARTID", saved, "", kThreads},
    {"clone(2)", "CLONE_SYSVSEM", saved, "what semop(SEM_UNDO) would undo", kSystemV},
    {"clone(2)", "CLONE_IO", new_place, "of the disk scheduler", ""},
    {"clone(2)", "CLONE_PIDFD", refused, "with its descriptor, but for one of the process itself", kRefused},
    {"clone(2)",
     "CLONE_PARENT, CLONE_VFORK, CLONE_PTRACE, CLONE_UNTRACED, CLONE_DETACHED, CLONE_PARENT_SETTID, "
     "CLONE_CHILD_SETTID, "
     "CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP, CLONE_ARGS_SIZE_*",
     no_state, "done when it returns", ""},
    {"getrlimit(2)", "RLIMIT_*", chosen, "as far as the user may; what shrinks is named", kLimits},
    {"getrlimit(2)", "RLIMIT_AS, RLIMIT_DATA", saved, "shown, not enforced", kNotedLimits},
    {"getrlimit(2)", "processor time used of RLIMIT_CPU", new_place, "", ""},
    {"setitimer(2)", "ITIMER_REAL", saved, "", kTimers},
    {"setitimer(2)", "ITIMER_VIRTUAL, ITIMER_PROF", saved, "", kProcessorTime},
    {"sigevent(7)", "SIGEV_SIGNAL, SIGEV_NONE", saved, "", kTimers},
    {"sigevent(7)", "SIGEV_THREAD, SIGEV_THREAD_ID", saved, "", "tests/process/guest/restart.cpp"},
    {"clocks", "CLOCK_MONOTONIC*, CLOCK_BOOTTIME*", saved, "they go on", kClocks},
    {"clocks", "CLOCK_REALTIME*, CLOCK_TAI", new_place, "", ""},
    {"clocks", "CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID", saved, "they go on", kProcessorTime},
    {"sigaction(2)", "SA_*", saved, "", kSignals},
    {"sigaltstack(2)", "SS_*", saved, "", kOfThread},
    {"modify_ldt(2)", "segments", refused, "", kRefused},
    {"iopl(2), ioperm(2)", "rights to ports", lost, "the kernel does not tell", ""},
    {"set_robust_list(2)", "of each thread", saved, "", kThreads},
    {"rseq(2)", "of each thread", saved, "the program's own if it is registered through libc's syscall()", kRseq},
};

}  // namespace

std::span<const ManualItem> manual_items() noexcept { return kItems; }

bool is_in_manual(std::string_view page, std::string_view name) noexcept {
  for (const ManualItem& item : kItems) {
    if (item.page != page) continue;
    for (std::string_view words = item.item; !words.empty();) {
      const std::string_view word = words.substr(0, words.find_first_of(", "));
      words.remove_prefix(word.size() + (word.size() < words.size() ? 1 : 0));
      if (word == name || (word.ends_with('*') && name.starts_with(word.substr(0, word.size() - 1)))) return true;
    }
  }
  return false;
}

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
    case no_state:
      return "nothing to keep";
    case lost:
      break;
  }
  return "not kept";
}

}  // namespace cairn::state
