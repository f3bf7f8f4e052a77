# SPDX-License-Identifier: Apache-2.0
"""cr_unprivileged.py BIN_DIRECTORY PROGRAM: the whole cycle as a user without privileges, who may not ask for other
users' processes. Needs root to become that user; skips (77) otherwise."""
import os
import sys

from cr_harness import Failure, Subject, run_test

NOBODY = 65534
ENVIRONMENT = 4


def main():
    bin_dir, program = sys.argv[1:]
    if os.geteuid() != 0:
        print("SKIP: not root")
        sys.exit(77)

    def body(directory):
        os.chown(directory, NOBODY, NOBODY)
        subject = Subject(bin_dir, [program, "@FLAG@"], directory, user=NOBODY)
        root_directory = os.path.join(directory, "root")
        os.mkdir(root_directory)
        others = Subject(bin_dir, [program, "@FLAG@"], root_directory)
        try:
            others.wait_ready()
            others.user = NOBODY
            done = others.checkpoint("../stolen")
            if done.returncode != ENVIRONMENT or "owner" not in done.stderr:
                raise Failure(f"another user's process: {done.returncode} {done.stderr}")
            subject.wait_ready()
            subject.must_checkpoint("context")
            subject.kill()
            subject.restart("context")
            subject.must_pass()
        finally:
            others.close()
            subject.close()

    run_test(body)


main()
