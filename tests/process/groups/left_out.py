# SPDX-License-Identifier: Apache-2.0
"""left_out.py BIN_DIRECTORY CR_LEFT_OUT CASE: a tree is saved without those of it that are not to be."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_subject, run_test, state_of, tree_of, wait_for  # noqa: E402

BIN, LEFT_OUT, CASE = sys.argv[1:4]
WAIT = "--wait=20"  # one may only begin


def goes_on(subject):
    for i in range(3):
        subject.must_checkpoint(f"context{i}", WAIT)
    if len(tree_of(subject.pid)) != 4:
        raise Failure(f"of its tree {tree_of(subject.pid)} are left")
    subject.must_pass()


def bring_back(subject, name):
    subject.must_checkpoint(name, WAIT)
    subject.kill()
    with open(subject.flag + ".gone", "w"):
        pass
    subject.restart(name)


def gone(subject):
    bring_back(subject, "first")
    subject.must_pass()


def twice(subject):
    bring_back(subject, "first")
    bring_back(subject, "second")
    subject.must_pass()


def preloaded(directory):
    """cr_run --omit is obeyed by what brings a program into a host by itself, too."""
    library = os.path.join(BIN, "..", "lib", "cairn", "libcr_run.so")
    for words, hosted in [([], True), ([os.path.join(BIN, "cr_run"), "--omit"], False)]:
        with subprocess.Popen([*words, "sleep", "600"], cwd=directory, env=dict(os.environ, LD_PRELOAD=library)) as program:
            def in_host(pid=program.pid):
                return os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "cairn-host"
            try:
                wait_for(lambda pid=program.pid: state_of(pid) == "S", "its sleep")
                found = in_host()
            finally:
                program.kill()
        if found != hosted:
            raise Failure(f"{words}: in a host: {found}")


if CASE == "preloaded":
    run_test(preloaded)
else:
    run_subject(BIN, [LEFT_OUT, "@FLAG@", os.path.join(BIN, "cr_run")], globals()[CASE])
