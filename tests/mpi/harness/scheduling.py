# SPDX-License-Identifier: Apache-2.0
"""Ranks that outnumber the processors poll and yield. Where the scheduler groups processes by session (autogroup), Linux
6.18 answers that by letting one such rank run alone for minutes: neither other ranks nor kernel threads get a turn. A
longer slice makes it worse, for each yield is charged with one."""
import atexit
import ctypes
import struct

SLICE = 100_000  # ns, the shortest that Linux takes
SYS_SCHED_SETATTR = 314  # x86-64
AUTOGROUP = "/proc/sys/kernel/sched_autogroup_enabled"


def let_all_take_turns():
    """Short slices for the calling thread and what it starts (Linux 6.12 and later), and no grouping by session until
    this process ends (root only)."""
    # size, policy (SCHED_OTHER), flags, nice, priority, runtime, deadline, period
    attributes = struct.pack("=IIQiIQQQ", 48, 0, 0, 0, 0, SLICE, 0, 0)
    ctypes.CDLL(None).syscall(SYS_SCHED_SETATTR, 0, attributes, 0)
    try:
        with open(AUTOGROUP, encoding="ascii") as f:
            before = f.read()
        if before.strip() != "0":
            _write("0")
            atexit.register(_write, before)
    except OSError:
        pass


def _write(value):
    with open(AUTOGROUP, "w", encoding="ascii") as f:
        f.write(value)
