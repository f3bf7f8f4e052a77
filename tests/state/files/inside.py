# SPDX-License-Identifier: Apache-2.0
"""inside.py BIN_DIRECTORY CASE: between checkpoint and restart somebody changes files far from both of their ends, which are
open or mapped in every way. What is small is known whole, and that is what decides; of what is big the restart says that it
cannot know. The program's own writing is no reason to refuse."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, Failure, expect, run_subject  # noqa: E402

PROGRAM = """import mmap, os, sys, time
def mapped(name, access):
    with open(name, "r+" if access == mmap.ACCESS_WRITE else "r") as f:
        map = mmap.mmap(f.fileno(), 0, access=access)
    return map
held = []
for size in ["small", "big"]:
    for way in ["in", "out", "log", "map-in", "map-out"]:
        with open(f"{size}-{way}", "w") as f: f.write("x" * (1_000_000 if size == "small" else 10_000_000))
    held += [open(f"{size}-in"), open(f"{size}-out", "r+"), open(f"{size}-log", "a"),
             mapped(f"{size}-map-in", mmap.ACCESS_READ), mapped(f"{size}-map-out", mmap.ACCESS_WRITE)]
print("READY", flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
print("PASS")"""

READ, WRITTEN = ["in", "map-in"], ["out", "log", "map-out"]


class Files:
    def __init__(self, subject, size):
        self.subject = subject
        self.size = size

    def each(self, change):
        for name in READ + WRITTEN:
            change(os.path.join(self.subject.directory, f"{self.size}-{name}"))

    def refused(self, ways):
        done = self.subject.run("cr_restart", "context")
        expect(done, ENVIRONMENT, f"{len(ways)} files", "--changed=accept",
               *[f"/{self.size}-{way} has other content" for way in ways])

    def goes_on(self, *options, says=()):
        self.subject.restart("context", *options)
        self.subject.must_pass()
        for way, text in says:
            if f"/{self.size}-{way} {text}" not in self.subject.output():
                raise Failure(f"nothing is said of {way}: {self.subject.output()}")
        if self.subject.output().count(f"/{self.size}-") != len(says):
            raise Failure(f"more is said: {self.subject.output()}")


def write_inside(path):
    with open(path, "r+") as f:
        f.seek(500_000)
        f.write("?")


def write_and_put_time_back(path):
    before = os.stat(path)
    write_inside(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path):
    """As sed -i does."""
    shutil.copyfile(path, path + ".new")
    write_inside(path + ".new")
    os.rename(path + ".new", path)


def copy(path):
    """With its time, as cp -p does."""
    shutil.copy2(path, path + ".new")
    os.rename(path + ".new", path)


NEWER = [(way, "has been written since the checkpoint") for way in WRITTEN]
UNKNOWN = [(way, "is used as it is, and may have other content") for way in READ + WRITTEN]


def written(files, change=write_inside):
    files.each(change)
    files.refused(READ)
    files.goes_on("--changed=accept", says=NEWER + [(way, "is used as it is: 1000000 bytes") for way in READ])


def written_and_time_put_back(files):
    written(files, write_and_put_time_back)


def replaced(files):
    files.each(replace)
    files.refused(READ + WRITTEN)
    files.goes_on("--changed=accept", says=[(way, "is used as it is: 1000000 bytes") for way in READ + WRITTEN])


def copied(files):
    files.each(copy)
    files.goes_on()


def big_written(files):
    files.each(write_inside)
    files.goes_on(says=UNKNOWN)


def big_written_and_time_put_back(files):
    files.each(write_and_put_time_back)
    files.goes_on(says=UNKNOWN)


def big_replaced(files):
    files.each(replace)
    files.goes_on(says=UNKNOWN)


def big_copied(files):
    files.each(copy)
    files.goes_on()


def main():
    bin_dir, case = sys.argv[1:]

    def body(subject):
        subject.must_checkpoint("context", "--kill")
        subject.shell.wait(60)
        globals()[case](Files(subject, "big" if case.startswith("big") else "small"))

    run_subject(bin_dir, [sys.executable, "-c", PROGRAM, "@FLAG@"], body)


main()
