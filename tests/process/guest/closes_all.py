# SPDX-License-Identifier: Apache-2.0
"""closes_all.py BIN_DIRECTORY PROGRAM CASE [SECONDS]: checkpoints of a program that closes all descriptors are asked
for, by several at a time, and taken; it is killed and goes on closing."""
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, SLOW, TEMPORARY, Failure, run_subject  # noqa: E402

BIN, PROGRAM, CASE = sys.argv[1:4]
SECONDS = float(sys.argv[4]) if len(sys.argv) > 4 else 6
# What it has open for moments cannot be saved (pipes, sockets, children), and nobody can say whether that will last.
NOT_NOW = ("cannot be saved", "another checkpoint", "changed while", "forked children", "child",
           "only begun to start")


class Asker(threading.Thread):
    """Asks again and again; every answer is the checkpoint, or a refusal that says why it cannot be."""

    def __init__(self, subject, name, end):
        super().__init__()
        self.subject, self.name_of_file, self.end = subject, name, end
        self.taken, self.refused, self.wrong = 0, 0, None

    def run(self):
        while time.monotonic() < self.end and self.wrong is None:
            done = self.subject.checkpoint(self.name_of_file)
            if done.returncode == OK:
                self.taken += 1
            elif any(words in done.stderr for words in NOT_NOW):
                self.refused += 1
            else:
                self.wrong = f"{done.returncode}: {done.stderr}"


def body(subject):
    end = time.monotonic() + SECONDS * SLOW
    askers = [Asker(subject, f"context-{i}", end) for i in range(2)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    print([(a.taken, a.refused) for a in askers])
    for asker in askers:
        if asker.wrong:
            raise Failure(f"cr_checkpoint: {asker.wrong}\n{subject.output()}")
    if "FAIL" in subject.output():
        raise Failure(subject.output())
    taken = [asker.name_of_file for asker in askers if asker.taken > 0]
    if not taken:
        taken = ["by-waiting"]
        subject.must_checkpoint(taken[0], "--wait", "60")
    subject.kill()
    subject.restart(taken[0])
    subject.must_pass()
    print(subject.output())


run_subject(BIN, [PROGRAM, "@FLAG@", CASE], body)
