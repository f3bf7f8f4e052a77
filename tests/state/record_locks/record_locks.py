# SPDX-License-Identifier: Apache-2.0
"""record_locks.py BIN_DIRECTORY PROGRAM ALONE|TREE [USER]: locks of processes on files are held by the same ones after
restarts; while somebody else holds one, the restart is refused by name. With USER everything is an ordinary user's."""
import fcntl
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, ORDINARY, Failure, expect, run_subject  # noqa: E402


def body_of(options):
    def body(subject):
        subject.must_checkpoint("context")
        path = os.path.join(subject.directory, "ranges")
        with open(path, "r+", encoding="ascii") as other:
            try:
                fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, 5, 10)
                raise Failure("the lock is not held after the checkpoint")
            except (BlockingIOError, PermissionError):
                pass
        subject.kill()
        with open(path, "r+", encoding="ascii") as other:  # somebody else has it meanwhile
            fcntl.lockf(other, fcntl.LOCK_EX, 1, 12)
            done = subject.run("cr_restart", *options, "context", user=subject.user)
            expect(done, ENVIRONMENT, "ranges is held by another process now")
        for number in range(3):
            subject.restart("context" if number == 0 else "context.again", *options)
            if number == 0:
                subject.must_checkpoint("context.again")
            if number < 2:
                subject.kill()
        subject.must_pass()
    return body


def main():
    bin_dir, program, case, *user = sys.argv[1:]
    # An ordinary user's tree cannot have its numbers.
    options = ["--no-restore-pid"] if user and case == "TREE" else []
    run_subject(bin_dir, [program, "@FLAG@", case], body_of(options), user=ORDINARY if user else None)


main()
