# SPDX-License-Identifier: Apache-2.0
"""relocate.py BIN_DIRECTORY PROGRAM: a program whose directory has been moved goes on with --relocate."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Subject, run_test  # noqa: E402


def main():
    bin_dir, program = sys.argv[1:]

    def body(directory):
        old, new = os.path.join(directory, "old"), os.path.join(directory, "new")
        os.mkdir(old)
        subject = Subject(bin_dir, [program, os.path.join(directory, "check")], old)
        try:
            subject.wait_ready()
            subject.must_checkpoint("context", "--kill")
            subject.shell.wait(60)
            os.rename(old, new)
            subject.directory, subject.flag = new, os.path.join(directory, "check")
            subject.restart("context", "--relocate", f"{old}={new}")
            subject.must_pass()
        finally:
            subject.close()

    run_test(body)


main()
