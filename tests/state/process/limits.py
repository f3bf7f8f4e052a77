# SPDX-License-Identifier: Apache-2.0
"""limits.py BIN_DIRECTORY PROGRAM: a limit that cannot be as high as it was is named; one that can is as it was, silently."""
import os
import resource
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, Skip, run_subject  # noqa: E402


def body(subject):
    subject.must_checkpoint("context", "--kill")
    subject.shell.wait(60)
    subject.restart("context")
    if "limit of" in subject.output():
        raise Failure(f"something was said of limits: {subject.output()}")
    subject.kill()
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        raise Skip("root may raise limits")
    low, plain = resource.getrlimit(resource.RLIMIT_MSGQUEUE)[0] // 2, subject.start

    def start(command):
        without = ["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"] if os.geteuid() == 0 else []
        plain(["prlimit", f"--msgqueue={low}:{low}", *without, *command])

    subject.start = start
    subject.restart("context", "--no-restore-pid")
    if "the limit of message queues (ulimit -q) is" not in subject.output():
        raise Failure(f"nothing was said: {subject.output()}")
    subject.must_pass()


run_subject(sys.argv[1], [sys.argv[2], "@FLAG@"], body)
