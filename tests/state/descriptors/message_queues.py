# SPDX-License-Identifier: Apache-2.0
"""message_queues.py BIN_DIRECTORY PROGRAM THERE|GONE|USED [USER]: POSIX message queues are what they were after restarts, whether
they are still there or not; one that somebody else has open refuses the restart."""
import ctypes
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, ORDINARY, expect, run_subject  # noqa: E402

REALTIME = ctypes.CDLL(None)


def main():
    bin_dir, program, how, *user = sys.argv[1:]
    options = ["--no-restore-pid"] if user else []

    def body(subject):
        name = f"/cairn-queues-{subject.pid}"
        names = [(name + more).encode() for more in ("", ".turns", ".answers")]
        try:
            for number in range(3):
                subject.must_checkpoint(f"context.{number}")
                subject.kill()
                if how == "GONE":
                    for one in names:
                        REALTIME.mq_unlink(one)
                if how == "USED":
                    queue = REALTIME.mq_open(names[0], os.O_WRONLY)
                    done = subject.run("cr_restart", *options, f"context.{number}", user=subject.user)
                    expect(done, ENVIRONMENT, name, "is used by process")
                    os.close(queue)
                subject.restart(f"context.{number}", *options)
            subject.must_pass()
        finally:
            for one in names:
                REALTIME.mq_unlink(one)

    run_subject(bin_dir, [program, "@FLAG@"], body, user=ORDINARY if user else None)


main()
