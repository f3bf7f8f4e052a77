# SPDX-License-Identifier: Apache-2.0
"""credentials.py BIN_DIRECTORY PROGRAM CASE [HOW]: who gave up rights does not have them after a restart. HOW: kept
(the default; root restarts twice what CASE is of the program), wrapped (the same, and another program has set capabilities and
executed it), refused (a user restarts it, who cannot), or, of a user's
program, by_root and by_other."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, Failure, Skip, Subject, expect, run_test  # noqa: E402

NOBODY, OTHER = 65534, 65533


def users_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(line.split()[1:] for line in f if line.startswith("Uid:"))


def kept(subject):
    for name in ("first", "second"):
        subject.must_checkpoint(name)
        subject.kill()
        subject.restart(name)
    subject.must_pass()


def refused(subject):
    subject.must_checkpoint("context")
    subject.kill()
    os.chmod(os.path.join(subject.directory, "context"), 0o644)
    done = subject.run("cr_restart", "context", user=NOBODY)
    expect(done, ENVIRONMENT, "the program has changed its")
    if "READY" in done.stdout or "PASS" in done.stdout:
        raise Failure(f"it ran: {done.stdout}")


def restarted_by(user, expected):
    def body(subject):
        subject.must_checkpoint("context")
        subject.kill()
        os.chmod(os.path.join(subject.directory, "context"), 0o644)
        os.chmod(subject.directory, 0o777)
        subject.user = user
        subject.restart("context", "--foreign=accept")  # by_root: the file is the user's
        if users_of(subject.pid) != [str(expected)] * 4:
            raise Failure(f"it runs as {users_of(subject.pid)}, not {expected}")
        if expected == NOBODY:  # the other user's rights are not those it began with
            subject.must_pass()
    return body


WRAPPER = ["setpriv", "--securebits=+noroot", "--inh-caps=+net_raw", "--ambient-caps=+net_raw"]
HOW = {"kept": kept, "wrapped": kept, "refused": refused, "by_root": restarted_by(None, NOBODY), "by_other": restarted_by(OTHER, OTHER)}


def main():
    bin_dir, program, case, how = (sys.argv[1:] + ["kept"])[:4]
    if os.geteuid() != 0:
        print("SKIPPED: not root")
        sys.exit(77)

    def body(directory):
        others = HOW[how] is not kept
        if others and subprocess.run(["test", "-x", os.path.join(bin_dir, "cr_run")], user=NOBODY).returncode != 0:
            raise Skip(f"other users may not run what is in {bin_dir}")
        os.chmod(directory, 0o755)
        user = NOBODY if how.startswith("by_") else None
        if user is not None:
            os.chown(directory, user, user)
        subject = Subject(bin_dir, [*(WRAPPER if how == "wrapped" else []), program, "@FLAG@", case], directory, user=user)
        try:
            subject.wait_ready()
            HOW[how](subject)
        finally:
            subject.close()

    run_test(body)


main()
