# SPDX-License-Identifier: Apache-2.0
"""restarts.py BIN_DIRECTORY PROGRAM CASE: a program has others restarted."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import PERMANENT, SLOW, end_all_in, expect, run_subject, run_test  # noqa: E402

BIN, PROGRAM, CASE = sys.argv[1:4]
os.environ["CAIRN_TEST_BIN"] = BIN


def body(subject):
    if CASE == "tree_stays_in_between":
        expect(subject.checkpoint("context"), PERMANENT, "stands for what it has brought back")
    subject.must_pass()


def without_host(directory):
    flag = os.path.join(directory, "flag")
    with open(flag, "w"):
        pass
    try:
        expect(subprocess.run([PROGRAM, flag, CASE], capture_output=True, text=True, timeout=60 * SLOW, cwd=directory),
               0, "PASS")
    finally:
        end_all_in(directory)


if CASE == "without_host":
    run_test(without_host)
else:
    run_subject(BIN, [PROGRAM, "@FLAG@", CASE], body)
