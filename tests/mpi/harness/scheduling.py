# SPDX-License-Identifier: Apache-2.0
"""Ranks that outnumber the processors poll and yield all the time. The fair scheduler of Linux 6.18 answers that by
starving some of them, and everything else on the machine, for up to minutes; round robin lets all take turns.
What is set here holds for the calling thread and what it starts."""
import os

CROWD = 2  # ranks on a processor that the fair scheduler still copes with


def take_turns_if_crowded(ranks):
    """Only where permitted."""
    if ranks > CROWD * os.cpu_count():
        _set(os.SCHED_RR, 1)


def schedule_fairly():
    _set(os.SCHED_OTHER, 0)


def _set(policy, priority):
    try:
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError:
        pass
