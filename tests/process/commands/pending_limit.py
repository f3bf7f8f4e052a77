# SPDX-License-Identifier: Apache-2.0
"""pending_limit.py BIN_DIRECTORY CR_COUNT CR_SIGNALS: where no signal may be pending (ulimit -i), a checkpoint says so, and a restart works;
but not that of a program for which more signals wait than can here."""
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, TEMPORARY, Subject, expect, run_subject, run_test  # noqa: E402

BIN, PROGRAM, SIGNALS = sys.argv[1:4]
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


def waiting_signals(directory):
    subject = Subject(BIN, [SIGNALS, "@FLAG@"], directory)
    try:
        subject.wait_ready()
        subject.must_checkpoint("context")
        subject.kill()
        limit = ["prlimit", f"--sigpending=1:{USUAL[1]}", os.path.join(BIN, "cr_restart"), "context"]
        expect(subprocess.run(limit, cwd=directory, capture_output=True, text=True, timeout=60, check=False), ENVIRONMENT,
               "signals that waited for the program", "ulimit -i")
        subject.restart("context")
        subject.must_pass()
    finally:
        subject.close()


run_test(waiting_signals)
run_subject(BIN, [PROGRAM, "@FLAG@", "more"], body, kind=Limited)
