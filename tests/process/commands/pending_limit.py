# SPDX-License-Identifier: Apache-2.0
"""pending_limit.py BIN_DIRECTORY CR_COUNT: where no signal may be pending (ulimit -i), a checkpoint says so, and a restart works."""
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import TEMPORARY, Subject, expect, run_subject  # noqa: E402

BIN, PROGRAM = sys.argv[1:3]
USUAL = resource.getrlimit(resource.RLIMIT_SIGPENDING)


class Limited(Subject):
    def start(self, command):
        super().start(["prlimit", f"--sigpending=0:{USUAL[1]}", *command])


def body(subject):
    for _ in range(2):
        expect(subject.checkpoint("context"), TEMPORARY, "did not stop in time", "ulimit -i")
        resource.prlimit(subject.pid, resource.RLIMIT_SIGPENDING, USUAL)
        subject.must_checkpoint("context")
        subject.kill()
        subject.restart("context")
        resource.prlimit(subject.pid, resource.RLIMIT_SIGPENDING, (0, USUAL[1]))
    subject.must_pass()


run_subject(BIN, [PROGRAM, "@FLAG@", "more"], body, kind=Limited)
