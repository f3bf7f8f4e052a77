# SPDX-License-Identifier: Apache-2.0
"""many_files.py BIN_DIRECTORY CR_MANY_FILES CASE: a program with more files open than the host has numbers for comes back
under the limit of open files that it was started with; one with so many that nothing can is refused with the way out."""
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import TEMPORARY, Skip, expect, run_subject, run_test  # noqa: E402

BIN, PROGRAM, CASE = sys.argv[1:4]
# Soft and hard limit, descriptors, what the program does.
CASES = {
    "alone": (1024, 1024, 700, "-"),
    "to_the_end": (1024, 1024, 900, "-"),  # some numbers are above the host's
    "few": (256, 256, 150, "-"),
    "raised": (1024, 6000, 4300, "raises"),
    "shared": (1024, 1024, 600, "shares"),
    "shared_above_soft": (512, 4096, 1500, "raises and shares"),
    "mapped": (1024, 1024, 800, "maps"),
    "too_many_mapped": (1024, 1024, 1000, "maps"),
    "too_many": (1024, 1024, 990, "-"),
    "too_many_shared": (256, 256, 100, "crowd"),
}
SOFT, HARD, COUNT, WHAT = CASES[CASE]


def too_many(subject):
    expect(subject.checkpoint("context"), TEMPORARY, "it has ", " descriptors open", "ulimit -Hn", "1024")
    subject.must_pass()


def too_many_mapped(subject):
    expect(subject.checkpoint("context"), TEMPORARY, "files or shared memories mapped", "ulimit -Hn", "1024")
    subject.must_pass()


def too_many_shared(subject):
    expect(subject.checkpoint("context"), TEMPORARY, "its processes have ", " in common", "ulimit -Hn", "256")
    subject.must_pass()


def comes_back(subject):
    for name in ("first", "second"):
        subject.must_checkpoint(name)
        subject.kill()
        subject.restart(name)
    subject.must_pass()


def lack_of_numbers(_directory):
    raise Skip(f"the hard limit of open files is below {HARD}")


if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < HARD:
    run_test(lack_of_numbers)
else:
    resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, HARD))
    run_subject(BIN, [PROGRAM, "@FLAG@", str(COUNT), WHAT], globals().get(CASE, comes_back))
