# SPDX-License-Identifier: Apache-2.0
"""names.py BIN_DIRECTORY PROGRAM CASE: names of files, programs and directories are only names, whatever is in them."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, Subject, run_test  # noqa: E402

FILES = ["plain", "gone (deleted)", "shared (deleted) (deleted)", "new\nline", "back\\012slash", "both\n \\012 \\", "=", "a = b",
         "[heap]", "private (deleted)", "private\n1", "not\udcff\udc80UTF-8"]


def cycle(bin_dir, program, directory, files=(), context="context", check=None):
    subject = Subject(bin_dir, [program, "@FLAG@", *files], directory)
    try:
        subject.wait_ready()
        subject.must_checkpoint(context)
        if check:
            check(subject)
        subject.kill()
        subject.restart(context)
        subject.must_pass()
    finally:
        subject.close()


def files(bin_dir, program, directory):
    cycle(bin_dir, program, directory, FILES)


def program_and_directory(bin_dir, program, directory):
    for name in ["run (deleted)", "1=2 \t3\n4\\012"]:
        odd = os.path.join(directory, name)
        os.mkdir(odd)
        shutil.copy(program, os.path.join(odd, "program (deleted)"))
        cycle(bin_dir, os.path.join(odd, "program (deleted)"), odd, ["file"], "context = (deleted)")


def really_deleted(bin_dir, program, directory):
    """Other files that have by chance its name, or the one that the kernel shows for it, are not the deleted file."""
    subject = Subject(bin_dir, [program, "@FLAG@", "file", "file (deleted)"], directory)
    try:
        subject.wait_ready()
        os.unlink(os.path.join(directory, "file"))
        subject.must_checkpoint("context")
        open(os.path.join(directory, "file"), "w").close()
        subject.must_checkpoint("again")
        subject.kill()
        subject.restart("again")
        subject.must_pass()
    finally:
        subject.close()


def relocated(bin_dir, program, directory):
    old, new = os.path.join(directory, "a=b\tc=d"), os.path.join(directory, "e\nf=g")
    os.mkdir(old)
    subject = Subject(bin_dir, [program, os.path.join(directory, "flag"), "file"], old)
    try:
        subject.wait_ready()
        subject.must_checkpoint("context", "--kill")
        subject.shell.wait(60)
        os.rename(old, new)
        subject.directory, subject.flag = new, os.path.join(directory, "flag")
        subject.restart("context", "--relocate", f"{old}=" + new)
        subject.kill()
        subject.restart("context", "--relocate", old.replace("=", "\\=") + "=" + new.replace("=", "\\="))
        with open(subject.flag, "w"):
            pass
        subject.shell.wait(60)
        # Only its directory is another one than the program remembers.
        lines = subject.output().splitlines()
        if "READY" in lines or len(lines) != 1 or "getcwd" not in lines[0]:
            raise Failure(subject.output())
    finally:
        subject.close()


def main():
    bin_dir, program, case = sys.argv[1:]
    run_test(lambda directory: globals()[case](bin_dir, program, directory))


main()
