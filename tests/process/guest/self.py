# SPDX-License-Identifier: Apache-2.0
"""self.py BIN_DIRECTORY PROGRAM CASE: the program checkpoints itself, is killed, and comes back."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_subject, wait_for  # noqa: E402

BIN, PROGRAM, CASE = sys.argv[1:4]


def says(subject, word):
    wait_for(lambda: "READY" in subject.output() or "FAIL" in subject.output(), "READY")
    if word not in subject.output() or "FAIL" in subject.output():
        raise Failure(f"expected {word}, found: {subject.output()}")


def body(subject):
    if CASE == "refused_requests":
        says(subject, "REFUSED")
    else:
        says(subject, "SAVED")
        subject.kill()
        subject.restart("itself")
        says(subject, "RESTARTED")
    subject.must_pass()


run_subject(BIN, [PROGRAM, "@FLAG@", CASE], body)
