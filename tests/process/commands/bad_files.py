# SPDX-License-Identifier: Apache-2.0
"""bad_files.py BIN_DIRECTORY PROGRAM CASE: a context file that is damaged, or whose surroundings have changed, is
refused with a message that names the file and with the right exit code, and nothing runs."""
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, Subject, run_test  # noqa: E402

ENVIRONMENT, PERMANENT = 4, 5


def refused(bin_dir, path, codes, names, directory):
    done = subprocess.run([os.path.join(bin_dir, "cr_restart"), path], capture_output=True, text=True, timeout=60,
                          cwd=directory)
    if done.returncode not in codes:
        raise Failure(f"{path}: exit code {done.returncode}, not one of {codes}: {done.stderr} {done.stdout}")
    if "READY" in done.stdout or "PASS" in done.stdout:
        raise Failure("the program has run")
    for name in names:
        if name not in done.stderr:
            raise Failure(f"the message does not say '{name}': {done.stderr}")


def truncated(bin_dir, directory, good):
    length = os.path.getsize(good)
    for at in [0, 1, 4095, 4096, length // 2, length - 4096, length - 1]:
        bad = os.path.join(directory, "truncated")
        with open(good, "rb") as source, open(bad, "wb") as to:
            to.write(source.read(at))
        refused(bin_dir, bad, {PERMANENT}, ["truncated"], directory)


def flipped(bin_dir, directory, good):
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
        refused(bin_dir, bad, {PERMANENT, ENVIRONMENT}, ["flipped"], directory)


def foreign(bin_dir, directory, _good):
    refused(bin_dir, "/bin/true", {PERMANENT}, ["/bin/true"], directory)


def empty(bin_dir, directory, _good):
    open(os.path.join(directory, "nothing"), "w").close()
    refused(bin_dir, os.path.join(directory, "nothing"), {PERMANENT}, ["nothing"], directory)
    refused(bin_dir, os.path.join(directory, "not-there"), {ENVIRONMENT}, ["not-there"], directory)


def missing_file(bin_dir, directory, good):
    os.rename(os.path.join(directory, "log"), os.path.join(directory, "log-elsewhere"))
    refused(bin_dir, good, {ENVIRONMENT}, ["context", "/log"], directory)


def missing_directory(bin_dir, directory, good):
    os.rmdir(os.path.join(directory, "below"))
    refused(bin_dir, good, {ENVIRONMENT}, ["context", "/below"], directory)


def main():
    bin_dir, program, case = sys.argv[1:]

    def body(directory):
        subject = Subject(bin_dir, [program, "@FLAG@"], directory)
        try:
            subject.wait_ready()
            # By reference, so that there is no payload that a restart here does not need.
            subject.must_checkpoint("context", "--kill", "--save-none")
            subject.shell.wait(60)
            globals()[case](bin_dir, directory, os.path.join(directory, "context"))
        finally:
            subject.close()

    run_test(body)


main()
