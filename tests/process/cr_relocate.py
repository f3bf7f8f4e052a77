# SPDX-License-Identifier: Apache-2.0
"""cr_relocate.py BIN_DIRECTORY PROGRAM: a program whose directory has been moved goes on with --relocate."""
import os
import sys

from cr_harness import Subject, run_test


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
