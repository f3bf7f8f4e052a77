# SPDX-License-Identifier: Apache-2.0
"""bad_files.py BIN_DIRECTORY PROGRAM CASE: a context file that is damaged, or whose surroundings have changed, is
refused with a message that names the file and with the right exit code, and nothing runs."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, PERMANENT, Failure, expect, run_subject  # noqa: E402


def refused(subject, path, codes, *names):
    done = subject.run("cr_restart", path)
    expect(done, codes, *names)
    if "READY" in done.stdout or "PASS" in done.stdout:
        raise Failure("the program has run")


def truncated(subject, directory, good):
    length = os.path.getsize(good)
    for at in [0, 1, 4095, 4096, length // 2, length - 4096, length - 1]:
        bad = os.path.join(directory, "truncated")
        with open(good, "rb") as source, open(bad, "wb") as to:
            to.write(source.read(at))
        refused(subject, bad, {PERMANENT}, "truncated")


def flipped(subject, directory, good):
    """Every part of the file: header, payload, sections, index, trailer."""
    with open(good, "rb") as f:
        content = bytearray(f.read())
    chance = random.Random(4711)
    places = [chance.randrange(len(content)) for _ in range(25)]
    places += [len(content) - chance.randrange(1, 200000) for _ in range(25)] + [40, 200]
    for at in places:
        content[at] ^= 0x20
        bad = os.path.join(directory, "flipped")
        with open(bad, "wb") as f:
            f.write(content)
        content[at] ^= 0x20
        refused(subject, bad, {PERMANENT, ENVIRONMENT}, "flipped")


def foreign(subject, directory, good):
    refused(subject, "/bin/true", {PERMANENT}, "/bin/true")


def empty(subject, directory, good):
    open(os.path.join(directory, "nothing"), "w").close()
    refused(subject, os.path.join(directory, "nothing"), {PERMANENT}, "nothing")
    refused(subject, os.path.join(directory, "not-there"), {ENVIRONMENT}, "not-there")


def missing_file(subject, directory, good):
    os.rename(os.path.join(directory, "log"), os.path.join(directory, "log-elsewhere"))
    refused(subject, good, {ENVIRONMENT}, "context", "/log")


def missing_directory(subject, directory, good):
    os.rmdir(os.path.join(directory, "below"))
    refused(subject, good, {ENVIRONMENT}, "context", "/below")


def main():
    bin_dir, program, case = sys.argv[1:]

    def body(subject):
        # By reference, so that there is no payload that a restart here does not need.
        subject.must_checkpoint("context", "--kill", "--save-none")
        subject.shell.wait(60)
        globals()[case](subject, subject.directory, os.path.join(subject.directory, "context"))

    run_subject(bin_dir, [program, "@FLAG@"], body)


main()
