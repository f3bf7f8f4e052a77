# SPDX-License-Identifier: Apache-2.0
"""saved.py BIN_DIRECTORY PROGRAM CASE: with --save-files the files that the program may write to are in the checkpoint, and
are what they were after the restart, whatever has been done to them."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, Failure, expect, run_subject  # noqa: E402

LINE = "line"
BIG = f"{LINE}\n".encode() * 1000000  # longer than what is kept of every file


class Files:
    def __init__(self, subject):
        self.subject = subject

    def path(self, name):
        return os.path.join(self.subject.directory, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def write(self, name, content, mode="wb"):
        with open(self.path(name), mode) as f:
            f.write(content)

    def save(self, *options):
        self.subject.must_checkpoint("context", "--save-files", "--kill", *options)
        self.subject.shell.wait(60)

    def expect(self, name, content):
        if self.read(name) != content:
            raise Failure(f"{name} is {self.read(name)[:60]!r}, not {content[:60]!r}")

    def goes_on(self, *options, says=()):
        self.subject.restart("context", *options)
        self.subject.must_pass()
        for text in [*says, "mapped 'mapped'"]:
            if text not in self.subject.output():
                raise Failure(f"no '{text}': {self.subject.output()}")
        self.expect("log", b"first\nsecond\n")
        self.expect("out", b"0123456789abc")


def unchanged(files):
    """Nothing is said, nothing is kept."""
    files.save()
    files.goes_on()
    if "put back" in files.subject.output() or [n for n in os.listdir(files.subject.directory) if ".after-" in n]:
        raise Failure(f"{files.subject.output()} {os.listdir(files.subject.directory)}")


def rewritten(files):
    """In place, mapped, replaced by another file, and removed: all are what they were, and what was there is kept."""
    files.save()
    files.write("map", b"newer!", "r+b")
    files.write("out", b"anything", "r+b")
    os.unlink(files.path("log"))
    files.goes_on(says=["out was put back as it was: 10 bytes at the checkpoint, 10 now; what was there is in ",
                        "log was missing, and was made again with its content"])
    files.expect("out.after-1", b"anything89")
    files.expect("map.after-1", b"newer!".ljust(4096, b"\0"))


def shorter(files):
    files.save("--compress", "lz4")
    files.write("log", b"fi")
    files.write("out", b"")
    files.goes_on(says=["log was put back as it was: 6 bytes at the checkpoint, 2 now"])
    files.expect("log.after-1", b"fi")


def discarded(files):
    files.save()
    files.write("out", b"anything")
    files.goes_on("--grown=discard")
    if os.path.exists(files.path("out.after-1")):
        raise Failure("out.after-1 is there")


def longer(files):
    """What was there is there still: only the rest is cut off, and kept."""
    files.save()
    files.write("log", b"third\n", "ab")
    files.goes_on(says=["log was cut back"])
    files.expect("log.after-1", b"third\n")


def unusable(files):
    """What cannot be put back is said before anything is changed."""
    files.save()
    files.write("log", b"other")
    os.unlink(files.path("out"))
    os.mkdir(files.path("out"))
    done = files.subject.run("cr_restart", "context")
    expect(done, ENVIRONMENT, "/out is a directory now")
    files.expect("log", b"other")


def big(files):
    """One that is not kept otherwise; its middle is all that differs. It is a descriptor of the shell that started it."""
    files.save()
    with open(files.path("big"), "r+b") as f:
        f.seek(len(BIG) // 2)
        f.write(b"here")
    files.goes_on(says=["big was put back as it was"])
    files.expect("big", BIG)


def full_disk(files):
    """A checkpoint without room for the contents fails; the next one, with room, does not."""
    done = files.subject.run("cr_checkpoint", "--save-files", "-f", "/dev/full", str(files.subject.pid))
    expect(done, ENVIRONMENT, "No space left on device")
    big(files)


def main():
    bin_dir, program, case = sys.argv[1:]
    command = [program, "@FLAG@"]
    if case in ("big", "full_disk"):
        command = ["sh", "-c", f"yes {LINE} | head -c {len(BIG)} >big; exec 9<>big; exec {program} $0", "@FLAG@"]

    run_subject(bin_dir, command, lambda subject: globals()[case](Files(subject)))


main()
