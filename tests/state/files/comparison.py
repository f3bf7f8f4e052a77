# SPDX-License-Identifier: Apache-2.0
"""comparison.py BIN_DIRECTORY PROGRAM CASE: between checkpoint and restart somebody changes the program's files."""
import os
import shutil
import socket
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, Failure, expect, run_subject  # noqa: E402


class Files:
    """The program's files, and what is expected of them."""

    def __init__(self, subject):
        self.subject = subject

    def path(self, name):
        return os.path.join(self.subject.directory, name)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def write(self, name, text, mode="w"):
        with open(self.path(name), mode) as f:
            f.write(text)

    def replace(self, name, text):
        self.write(name + ".new", text)
        os.rename(self.path(name + ".new"), self.path(name))

    def expect(self, name, text):
        if self.read(name) != text:
            raise Failure(f"{name} is {self.read(name)!r}, not {text!r}")

    def refused(self, *names, options=()):
        """The restart says all names, and leaves every file as it is."""
        before = {name: self.read(name) for name in ["in", "log", "out", "map"] if os.path.exists(self.path(name))}
        done = self.subject.run("cr_restart", *options, "context")
        expect(done, ENVIRONMENT, *names)
        if "PASS" in done.stdout:
            raise Failure("the program has run")
        for name, text in before.items():
            self.expect(name, text)

    def goes_on(self, *options, says=(), mapped="mapped", rest=" second half"):
        self.subject.restart("context", *options)
        self.subject.must_pass()
        for text in [*says, f"in '{rest}', mapped '{mapped}'"]:
            if text not in self.subject.output():
                raise Failure(f"no '{text}': {self.subject.output()}")

    def as_usual(self):
        self.expect("log", "first\nsecond\n")
        self.expect("out", "0123456789abc")


def longer(files):
    """What a process writes after its checkpoint, and what came meanwhile: cut off, and kept."""
    files.write("log", "third\n", "a")
    files.write("out", "xyz and more", "a")
    files.write("out.after-1", "somebody's")
    files.goes_on(says=["log was cut back: 6 bytes at the checkpoint, 12 now", "log.after-1", "out.after-2"])
    files.as_usual()
    files.expect("log.after-1", "third\n")
    files.expect("out.after-1", "somebody's")
    files.expect("out.after-2", "xyz and more")


def of_another_kind(files):
    """Nobody waits at a FIFO, and no option makes a file of it."""
    def socket_at(path):
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path)
    kinds = {"a FIFO": os.mkfifo, "a directory": os.mkdir, "a socket": socket_at}
    if os.getuid() == 0:
        kinds["a device"] = lambda path: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    for name in ("in", "log", "out", "map"):
        kept = files.path(name) + ".kept"
        os.rename(files.path(name), kept)
        for kind, make in kinds.items():
            make(files.path(name))
            for options in ((), ("--missing=create", "--changed=accept", "--grown=keep")):
                done = files.subject.run("cr_restart", *options, "context")
                expect(done, ENVIRONMENT, f"/{name} is {kind} now")
            os.rmdir(files.path(name)) if kind == "a directory" else os.unlink(files.path(name))
        os.rename(kept, files.path(name))
    files.goes_on()
    files.as_usual()


def longer_and_kept_so(files):
    files.write("log", "third\n", "a")
    files.goes_on("--grown=keep")
    files.expect("log", "first\nthird\nsecond\n")


def longer_and_discarded(files):
    files.write("log", "third\n", "a")
    files.goes_on("--grown=discard")
    files.as_usual()
    if os.path.exists(files.path("log.after-1")):
        raise Failure("log.after-1 is there")


def longer_and_refused(files):
    files.write("log", "third\n", "a")
    files.refused("/log", "6 bytes", "12 now", "--grown", options=["--grown=refuse"])


def longer_input(files):
    """A file that is only read may grow."""
    files.write("in", ", more", "a")
    files.goes_on(rest=" second half, more")


def shorter(files):
    files.write("log", "fi")
    files.refused("/log", "shorter", "6 bytes", "2 now", "--changed=accept")


def shorter_and_accepted(files):
    files.write("log", "fi")
    files.goes_on("--changed=accept", says=["log is used as it is"])
    files.expect("log", "fisecond\n")


def edited(files):
    """In place, as some editors do; longer than it was."""
    files.write("in", "other half, and a half that was not there before")
    files.refused("/in", "other content")


def replaced(files):
    files.replace("out", "9876543210")
    files.refused("/out", "other content")
    files.goes_on("--changed=accept")
    files.expect("out", "9876543210abc")


def copied(files):
    """The same content in another file, as on another machine."""
    for name in ["in", "log", "out", "map"]:
        shutil.copyfile(files.path(name), files.path(name + ".copy"))
        os.rename(files.path(name + ".copy"), files.path(name))
    files.goes_on()
    files.as_usual()


def rewritten(files):
    """What the program itself writes to where it had written before is newer, and that is said."""
    files.write("map", "newer!", "r+")
    files.goes_on(mapped="newer!", says=["map has been written since the checkpoint"])


def cleaned_up(files):
    """A small file that is mapped and not open is kept: it is memory, and may end with the process."""
    os.unlink(files.path("map"))
    files.goes_on(says=["map was missing, and was made again"])
    files.as_usual()
    if os.stat(files.path("map")).st_mode & 0o777 != 0o640:
        raise Failure("map has other permissions")


def missing(files):
    os.unlink(files.path("in"))
    files.refused("/in", "missing", "--relocate", "--missing=create")


def missing_and_made(files):
    for name in ["in", "out", "log"]:
        os.unlink(files.path(name))
    files.refused("3 files")
    files.goes_on("--missing=create", rest="", says=["in was missing, and was made again empty"])
    files.as_usual()


def made_by_another_rank(files):
    """Files that somebody else of the job has just made again, or is making again."""
    for name in ["in", "out"]:
        files.write(name, "")
    files.write("log", "fi")
    files.write("map", "map")
    files.goes_on("--missing=create", rest="")
    files.as_usual()


def memory_made_by_another_rank(files):
    """What is memory is made again without being asked for, and so it is when somebody else has begun with it."""
    files.write("map", "map")
    files.goes_on()
    files.as_usual()


def made_otherwise(files):
    """Shorter, and not as it would be made again."""
    files.write("log", "se")
    files.write("in", "first half")
    files.refused("2 files", "/log is shorter", "/in is shorter", options=["--missing=create"])


def everything_at_once(files):
    files.write("log", "")
    files.replace("out", "9876543210")
    os.unlink(files.path("in"))
    files.refused("3 files", "/log is shorter", "/out has other content", "/in is missing")


def main():
    bin_dir, program, case = sys.argv[1:]

    def body(subject):
        subject.must_checkpoint("context", "--kill")
        subject.shell.wait(60)
        globals()[case](Files(subject))

    run_subject(bin_dir, [program, "@FLAG@"], body)


main()
