# SPDX-License-Identifier: Apache-2.0
"""left_behind.py BIN_DIRECTORY PROGRAM ALONE|TREE: a restart that fails when all has been made leaves nothing of it, and
one that follows finds its way. In an IPC namespace of the test's own."""
import ctypes
import fcntl
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, TEMPORARY, Failure, Skip, expect, run_subject, run_test  # noqa: E402

CLONE_NEWIPC = 0x08000000
libc = ctypes.CDLL(None, use_errno=True)


def left(subject):
    """What there is of what the program has made."""
    found = []
    for kind in ("shm", "sem", "msg"):
        with open(f"/proc/sysvipc/{kind}", encoding="ascii") as table:
            found += [f"{kind} {row.split()[1]}" for row in table.readlines()[1:]]
    queue = libc.mq_open(b"/cairn-left-behind", os.O_RDONLY)
    if queue >= 0:
        os.close(queue)
        found.append("the message queue")
    if os.path.exists(os.path.join(subject.directory, "socket")):
        found.append("the socket")
    return found


def body(subject):
    subject.must_checkpoint("context")
    subject.kill()
    subprocess.run(["ipcrm", "--all"], check=True)
    libc.mq_unlink(b"/cairn-left-behind")
    os.unlink(os.path.join(subject.directory, "socket"))
    with open(os.path.join(subject.directory, "locked"), "r+b") as locked:
        fcntl.lockf(locked, fcntl.LOCK_EX)
        expect(subject.run("cr_restart", "context"), (ENVIRONMENT, TEMPORARY), "held by another process")
    if left(subject):
        raise Failure(f"the restart that failed has left {left(subject)}")
    subject.restart("context")
    if len(left(subject)) != 6:
        raise Failure(f"restarted, there is {left(subject)}")
    subject.must_pass()


def main():
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWIPC) != 0:
        def skip(_):
            raise Skip("needs root, and an IPC namespace")
        run_test(skip)
    run_subject(sys.argv[1], [sys.argv[2], "@FLAG@", sys.argv[3]], body)


main()
