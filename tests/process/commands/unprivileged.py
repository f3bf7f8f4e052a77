# SPDX-License-Identifier: Apache-2.0
"""unprivileged.py BIN_DIRECTORY PROGRAM ARGUMENT...: the whole cycle as a user without privileges, who may not ask for other
users' processes. Needs root to become that user; skips (77) otherwise."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ORDINARY, Failure, Subject, need_ordinary_user, run_test  # noqa: E402

ENVIRONMENT = 4


def main():
    bin_dir, program, *arguments = sys.argv[1:]
    def body(directory):
        need_ordinary_user(bin_dir, directory)
        subject = Subject(bin_dir, [program, "@FLAG@", *arguments], directory, user=ORDINARY)
        root_directory = os.path.join(directory, "root")
        os.mkdir(root_directory)
        others = Subject(bin_dir, [program, "@FLAG@", *arguments], root_directory)
        try:
            others.wait_ready()
            others.user = ORDINARY
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
