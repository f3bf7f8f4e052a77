# SPDX-License-Identifier: Apache-2.0
"""sandbox.py BIN_DIRECTORY CR_FAMILY CR_SANDBOX CASE: what was started under a seccomp filter, as all in a container is, is saved;
what has put one on itself, or a forked child that has locked itself up in some way, is refused by name and at once, and goes on
unharmed, also if it was stopped."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import PERMANENT, SLOW, TEMPORARY, Failure, Subject, expect, run_subject  # noqa: E402

BIN, FAMILY, SANDBOX, CASE = sys.argv[1:5]
ENTER = [SANDBOX, "enter"]
NAMES = {"after": "has a seccomp filter", "strict": "has a seccomp filter", "filter": "has a seccomp filter",
         "root": "it has changed its root directory (chroot)", "user": "belongs to another user, 65534"}


class Inside(Subject):
    """cr_run is in there, and the second cr_restart."""

    def start(self, command):
        super().start([*(ENTER if self.starts != 1 else []), *command])


def saved(subject):
    for _ in range(2):
        subject.must_checkpoint("context")
        subject.kill()
        subject.restart("context")
    subject.must_pass()


def refuse_once(subject):
    begun = time.monotonic()
    expect(subject.checkpoint("context"), PERMANENT, NAMES[CASE])
    if time.monotonic() - begun > 10 * SLOW:
        raise Failure("it is refused late")
    if any("context" in name for name in os.listdir(subject.directory)):
        raise Failure("something is left")


def refused(subject):
    refuse_once(subject)
    with open(f"/proc/{subject.pid}/task/{subject.pid}/children") as children:
        child = [int(number) for number in children.read().split()]
    for number in child:
        os.kill(number, signal.SIGSTOP)
    refuse_once(subject)
    for number in child:
        os.kill(number, signal.SIGCONT)
    if CASE == "user":  # and so it may not be dumped
        for _ in range(2):
            expect(subject.run("cr_checkpoint", "--pid", "-f", "context", str(child[0])), TEMPORARY, "may not be dumped")
    subject.must_pass()


PROGRAM = [FAMILY, "@FLAG@", "plain"]
if CASE == "before":
    run_subject(BIN, PROGRAM, saved, kind=Inside)
elif CASE == "after":
    run_subject(BIN, [*ENTER, *PROGRAM], refused)
else:
    run_subject(BIN, [SANDBOX, CASE, "@FLAG@"], refused)
