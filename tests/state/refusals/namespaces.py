# SPDX-License-Identifier: Apache-2.0
"""namespaces.py BIN_DIRECTORY CR_FAMILY CASE: what was hosted before it entered namespaces is refused, also when it has executed
another program since; what was started in them is saved, and goes on where it is restarted."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import PERMANENT, Failure, Skip, Subject, expect, run_subject, run_test  # noqa: E402

BIN, FAMILY, CASE = sys.argv[1:4]
ENTER = {"alone": ["--mount", "--uts"], "member": ["--ipc"], "before": ["--cgroup"]}[CASE]
UNSHARE = ["unshare", *ENTER]


def refused(subject):
    expect(subject.checkpoint("context"), PERMANENT, "has left the namespaces in which it was started")
    if any("context" in name for name in os.listdir(subject.directory)):
        raise Failure("something is left")
    subject.must_pass()


class Inside(Subject):
    """cr_run is in there, cr_restart is not."""

    def start(self, command):
        super().start([*(UNSHARE if self.starts == 0 else []), *command])


def saved(subject):
    subject.must_checkpoint("context")
    subject.kill()
    subject.restart("context")
    subject.must_checkpoint("context")
    subject.kill()
    subject.restart("context")
    subject.must_pass()


tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True)
if tried.returncode != 0:
    def cannot(_directory):
        raise Skip(f"no such namespaces here: {tried.stderr.strip()}")
    run_test(cannot)
PROGRAM = [FAMILY, "@FLAG@", "plain"]
if CASE == "before":
    run_subject(BIN, PROGRAM, saved, kind=Inside)
elif CASE == "member":
    run_subject(BIN, ["sh", "-c", f"unshare --ipc {FAMILY} \"$0\" plain; test $? = 0", "@FLAG@"], refused)
else:
    run_subject(BIN, [*UNSHARE, *PROGRAM], refused)
