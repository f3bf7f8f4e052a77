# SPDX-License-Identifier: Apache-2.0
"""Ranks that outnumber the processors poll and yield all the time. From Linux 6.12 on each yield puts the deadline of
the thread off by a slice (3 ms); beside anything that computes, such ranks and even kernel threads then do not run for
a minute. A thread with a short slice is put off less, and others wait less for it."""
import ctypes
import struct

SLICE = 100_000  # ns, the shortest that Linux takes
SYS_SCHED_SETATTR = 314  # x86-64


def take_short_slices():
    """For the calling thread and what it starts. Linux before 6.12 knows no slices of single threads."""
    # size, policy (SCHED_OTHER), flags, nice, priority, runtime, deadline, period
    attributes = struct.pack("=IIQiIQQQ", 48, 0, 0, 0, 0, SLICE, 0, 0)
    ctypes.CDLL(None).syscall(SYS_SCHED_SETATTR, 0, attributes, 0)
