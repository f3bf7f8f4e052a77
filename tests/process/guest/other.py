# SPDX-License-Identifier: Apache-2.0
"""other.py BIN_DIRECTORY PROGRAM CASE: a program asks for the checkpoint of another process."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import SLOW, expect, run_subject  # noqa: E402

BIN, PROGRAM, CASE = sys.argv[1:4]


def asked(subject, how="ask"):
    return subprocess.run([PROGRAM, how, str(subject.pid)], capture_output=True, text=True, timeout=60 * SLOW,
                          cwd=subject.directory)


def body(subject):
    if CASE == "answer_after_callbacks":
        expect(asked(subject), 0, "there: thread", "there: signal-too", "saved")
    elif CASE == "refusal_after_callbacks":
        expect(asked(subject), 0, "there: thread", "failed", "the program cannot be checkpointed now")
    else:
        expect(asked(subject, "ask_as_older"), 0, "there: thread", "there: signal-too", "saved")
        subject.kill()
        subject.restart("other")
    subject.must_pass()


run_subject(BIN, [PROGRAM, "@FLAG@", "refuses" if CASE == "refusal_after_callbacks" else "goes_on"], body)
