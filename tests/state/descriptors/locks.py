# SPDX-License-Identifier: Apache-2.0
"""locks.py BIN_DIRECTORY PROGRAM: locks on files are held after a restart; while somebody else holds one, the restart is
refused by name."""
import fcntl
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_subject  # noqa: E402


def main():
    bin_dir, program = sys.argv[1:]

    def body(subject):
        subject.must_checkpoint("context")
        subject.kill()
        # Somebody else has it meanwhile.
        for name, lock in (("exclusive", fcntl.flock), ("ranges", fcntl.lockf)):
            with open(os.path.join(subject.directory, name), "r+", encoding="ascii") as other:
                lock(other, fcntl.LOCK_EX)
                done = subject.run("cr_restart", "context")
                if done.returncode == 0 or name not in done.stderr or "held by another process" not in done.stderr:
                    raise Failure(f"not refused: {done.returncode}: {done.stderr}")
        for number in range(2):
            subject.restart("context" if number == 0 else "context.again")
            if number == 0:
                subject.must_checkpoint("context.again")
                subject.kill()
        with open(os.path.join(subject.directory, "exclusive"), encoding="ascii") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
                raise Failure("the lock is not held after the restart")
            except BlockingIOError:
                pass
        subject.must_pass()

    run_subject(bin_dir, [program, "@FLAG@"], body)


main()
