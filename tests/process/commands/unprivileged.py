# SPDX-License-Identifier: Apache-2.0
"""unprivileged.py BIN_DIRECTORY PROGRAM ARGUMENT...: the whole cycle as a user without privileges, who may not ask for other
users' processes. Needs root to become that user; skips (77) otherwise."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, Skip, Subject, run_test  # noqa: E402

NOBODY = 65534
ENVIRONMENT = 4


def main():
    bin_dir, program, *arguments = sys.argv[1:]
    if os.geteuid() != 0:
        print("SKIPPED: not root")
        sys.exit(77)

    def body(directory):
        if subprocess.run(["test", "-x", os.path.join(bin_dir, "cr_run")], user=NOBODY).returncode != 0:
            raise Skip(f"other users may not run what is in {bin_dir}")
        os.chown(directory, NOBODY, NOBODY)
        subject = Subject(bin_dir, [program, "@FLAG@", *arguments], directory, user=NOBODY)
        root_directory = os.path.join(directory, "root")
        os.mkdir(root_directory)
        others = Subject(bin_dir, [program, "@FLAG@", *arguments], root_directory)
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
