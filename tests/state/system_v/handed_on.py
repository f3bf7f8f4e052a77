# SPDX-License-Identifier: Apache-2.0
"""handed_on.py BIN_DIRECTORY PROGRAM: numbers of System V objects that restarts have changed are what the program and
those that it executes know. In an IPC namespace of the test's own, as an ordinary user, who cannot choose numbers."""
import ctypes
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ORDINARY, Skip, run_subject, run_test, wait_for  # noqa: E402

CLONE_NEWIPC = 0x08000000


def again(subject, name):
    """Where everything has gone, as after a boot."""
    subject.must_checkpoint(name)
    subject.kill()
    subprocess.run(["ipcrm", "--all"], check=True)
    subject.restart(name, "--no-restore-pid")


def body(subject):
    def path(name):
        return os.path.join(subject.directory, name)

    with open(path("numbers"), encoding="ascii") as told:
        semaphores = told.read().split()[1]
    again(subject, "first")
    with open(path("begin-later"), "w", encoding="ascii"):
        pass
    wait_for(lambda: os.path.exists(path("later-is-there")), "the program that is executed")
    again(subject, "second")
    again(subject, "third")
    with open("/proc/sys/kernel/sem_next_id", "w", encoding="ascii") as following:
        following.write(semaphores)
    subject.must_pass()


def main():
    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWIPC) != 0:
        def skip(_):
            raise Skip("needs root, and an IPC namespace")
        run_test(skip)
    run_subject(sys.argv[1], [sys.argv[2], "@FLAG@", "0xca1"], body, user=ORDINARY)


main()
