# SPDX-License-Identifier: Apache-2.0
"""refusals.py BIN_DIRECTORY PROGRAM KIND [USER]: what cannot be saved is refused by name, nothing is left behind, and the
program is unharmed; once it has let go, if it can, it can be saved and restarted."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ORDINARY, PERMANENT, TEMPORARY, Failure, expect, run_subject, wait_for  # noqa: E402

# What the message must name.
NAMES = {
    "pipe": ["pipe at descriptor", "has it open, too"],
    "half_a_pipe": ["pipe at descriptor", "has it open, too"],
    "socket": ["family 16 socket at descriptor"],
    "unaccepted": ["accepted"],
    "tcp_outside": ["TCP connection at descriptor", "has it open, too"],
    "multicast": ["UDP socket at descriptor", "239.1.2.3"],
    "corked": ["UDP socket at descriptor", "has data that has not been sent (UDP_CORK, MSG_MORE)"],
    "urgent_unix": ["Unix socket at descriptor", "has urgent data"],
    "urgent_tcp": ["TCP connection at descriptor", "has urgent data"],
    "saved_syn": ["TCP connection at descriptor", "TCP_SAVE_SYN"],
    "bpf_filter": ["UDP socket at descriptor", "has a filter"],
    "epoll": ["epoll at descriptor", "disarmed (EPOLLONESHOT)"],
    "timerfd": ["timerfd at descriptor"],
    "inotify": ["inotify at descriptor", "events that have not been read"],
    "memfd": ["memfd some", "at descriptor", "has it open, too"],
    "deleted": ["deleted file", "gone", "at descriptor", "has it open, too"],
    "deep_directory_deleted": ["directory at descriptor", "longer than 4095 bytes", "deleted"],
    "deep_fifo": ["named pipe with a path longer than 4095 bytes at descriptor"],
    "unknown_thread_timer": ["timer 0", "processor time of a thread", "past libc"],
    "ended_thread_timer": ["timer 0", "processor time of thread", "has ended"],
    "low_memory": ["memory mapped at 0-1000", "null pointer"],
    "pkey": ["protection key (pkey_mprotect) mapped at"],
    "other_huge_pages": ["huge pages of", "KiB mapped at"],
    "map_sync": ["memory of a device", "MAP_SYNC"],
    "shadow_stack": ["shadow stack"],
    "tagged_addresses": ["tagged addresses"],
    "label": ["security label"],
    "lease": ["lease or delegation held on", "leased"],
    "shared_file_deleted": ["deleted file", "mapped at", "is mapped by process"],
    "sysv": ["System V shared memory", "is mapped by"],
    "raw_handler": ["raw handler for signal 12"],
    "stop_signal": ["raw handler for signal 64"],
    "aio": ["aio"],
    "owner": ["signals of", "F_SETOWN"],
    "own_files": ["descriptors of its own"],
    "own_directory": ["working directory of its own"],
    "own_namespace": ["another namespace (uts)"],
    "tracer": ["traced by process"],
    "dispatch": ["PR_SET_SYSCALL_USER_DISPATCH"],
    "segments": ["modify_ldt"],
    "pidfd": ["pidfd at descriptor", "it is of process", "which is not saved with it"],
    "process_file": ["/proc/", "at descriptor", "it is of process", "which is not saved with it"],
    "process_directory": ["its working directory /proc/", "it is of process", "which is not saved with it"],
    "userfaultfd": ["userfaultfd at descriptor"],
    "secret_memory": ["secret memory (memfd_secret)", "at descriptor"],
    "secret_mapping": ["secret memory (memfd_secret) mapped at"],
    "among_hosts": ["memory mapped at 310000000000-", "the program has put it (MAP_FIXED) where the host has its own"],
    "deaf": ["the program did not stop in time (a thread blocks all signals", "thread "],
    "path_of_pipe": ["path (O_PATH) pipe:", "at descriptor"],
    "counted_times": ["UDP socket at descriptor", "SOF_TIMESTAMPING_OPT_ID"],
    "tunnel": ["UDP socket at descriptor", "UDP_ENCAP"],
    "flow_label": ["UDP socket at descriptor", "has a flow label"],
    "mptcp": ["IPv4 MPTCP stream socket at descriptor"],
    "message_queue": ["message queue /cairn-refused", "at descriptor", "mq_notify"],
    "seccomp": ["seccomp filter"],
    "pressure": ["file /proc/pressure/cpu at descriptor", "the trigger that has been written to it"],
    "cloned": ["process ", "made past the C library (clone)"],
    "cloned_in_memory": ["process ", "made past the C library (clone)"],
    "vforked": ["is a forked child", "it executes a program now"],
    "landlock": ["landlock"],
    "chroot": ["root directory (chroot)"],
}
CODES = {"cloned": PERMANENT, "cloned_in_memory": PERMANENT, "vforked": TEMPORARY}
FOR_EVER = {"tagged_addresses", "landlock", "seccomp", "chroot"}


def main():
    bin_dir, program, kind, *user = sys.argv[1:]

    def body(subject):
        expect(subject.checkpoint("context"), CODES.get(kind, {TEMPORARY, PERMANENT}), *NAMES[kind])
        left = [f for f in os.listdir(subject.directory) if "context" in f]
        if left:
            raise Failure(f"left behind: {left}")
        if kind in FOR_EVER:
            return subject.must_pass()
        os.kill(subject.pid, signal.SIGUSR1)
        wait_for(lambda: "LET GO" in subject.output(), "the program to let go")
        subject.must_checkpoint("context")
        subject.kill()
        subject.restart("context")
        subject.must_pass()

    run_subject(bin_dir, [program, "@FLAG@", kind], body, user=ORDINARY if user else None)


main()
