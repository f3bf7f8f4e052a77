# SPDX-License-Identifier: Apache-2.0
"""flags.py BIN_DIRECTORY: status flags that the program has set on what it was started with at 0, 1 and 2 are set on the
new place's after a restart, and put back at the end, since the starter has the same open file. Twice."""
import fcntl
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_test, wait_for  # noqa: E402

BIN = sys.argv[1]
WATCHED = os.O_NONBLOCK | os.O_APPEND
PROGRAM = """
import fcntl, os, sys, time
def change(fd, flag): fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) ^ flag)
change(0, os.O_NONBLOCK)
change(1, os.O_APPEND)
open(sys.argv[1] + "/ready", "w").close()
while not os.path.exists(sys.argv[1] + "/go"): time.sleep(0.01)
try:
    os.read(0, 1)
    os._exit(3)
except BlockingIOError:
    os._exit(0)
"""


def flags(fd):
    return fcntl.fcntl(fd, fcntl.F_GETFL) & WATCHED


class Place:
    """Who starts a command with a pipe at 0, a pipe at 1 and a pipe at 2 that it keeps."""

    def __init__(self):
        self.input, self.output, self.errors = os.pipe(), os.pipe(), os.pipe()
        fcntl.fcntl(self.errors[1], fcntl.F_SETFL, os.O_NONBLOCK)

    def start(self, command):
        return subprocess.Popen(command, stdin=self.input[0], stdout=self.output[1], stderr=self.errors[1])

    def flags(self):
        return [flags(self.input[0]), flags(self.output[1]), flags(self.errors[1])]


def must_be(what, is_, wanted):
    if is_ != wanted:
        raise Failure(f"{what}: {is_}, not {wanted}")


def body(directory):
    place = Place()
    process = place.start([os.path.join(BIN, "cr_run"), sys.executable, "-c", PROGRAM, directory])
    wait_for(lambda: os.path.exists(os.path.join(directory, "ready")), "the program")
    pid = process.pid
    for turn in (1, 2):
        done = subprocess.run([os.path.join(BIN, "cr_checkpoint"), "--kill", "-f", f"{directory}/context.{turn}", str(pid)],
                              capture_output=True, text=True)
        must_be(f"cr_checkpoint {done.stderr}", done.returncode, 0)
        process.wait()
        place = Place()
        before = place.flags()
        process = place.start([os.path.join(BIN, "cr_restart"), "--no-restore-pid", "--run-on-success",
                               f"touch {directory}/goes-on-{turn}", f"{directory}/context.{turn}"])
        wait_for(lambda: os.path.exists(f"{directory}/goes-on-{turn}") or process.poll() is not None, "the restart")
        must_be("ended", process.poll(), None)
        must_be("flags after the restart", place.flags(), [os.O_NONBLOCK, os.O_APPEND, os.O_NONBLOCK])
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as f:
            pid = int(f.read().split()[0])
    with open(os.path.join(directory, "go"), "w"):
        pass
    must_be("exit code", process.wait(), 0)
    must_be("flags at the end", place.flags(), before)


run_test(body)
