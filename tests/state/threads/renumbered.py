# SPDX-License-Identifier: Apache-2.0
"""renumbered.py BIN_DIRECTORY PROGRAM: passes after restarts in which no number of a process or thread could be kept."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Skip, Subject, run_subject  # noqa: E402


class Renumbered(Subject):
    """Its restarts are without the capabilities that it takes to choose numbers."""

    def start(self, command):
        if self.starts > 0 and os.geteuid() == 0:
            command = ["setpriv", "--bounding-set=-sys_admin,-checkpoint_restore", *command]
        super().start(command)


def numbers(subject):
    return set(os.listdir(f"/proc/{subject.pid}/task"))


def body(subject):
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        raise Skip("root needs setpriv")
    for name in ["context-1", "context-2"]:
        before = numbers(subject)
        subject.must_checkpoint(name)
        subject.kill()
        subject.restart(name, "--no-restore-pid")
        if before & numbers(subject):
            raise Skip("numbers came back by chance")
    subject.must_pass()


run_subject(sys.argv[1], [sys.argv[2], "@FLAG@"], body, Renumbered)
