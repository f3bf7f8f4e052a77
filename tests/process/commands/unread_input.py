# SPDX-License-Identifier: Apache-2.0
"""unread_input.py BIN_DIRECTORY pipe|socket: x | cr_run y. What y has not read is in no process: while there is such input the
checkpoint is refused by name, unless it may be dropped, and the input is still there; when all has been read y is saved, and
goes on in a restart."""
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, SLOW, TEMPORARY, Failure, expect, run_test, wait_for  # noqa: E402

BIN, CASE = sys.argv[1:3]
READER = """
import os, time
def wait_for(name):
    while not os.path.exists(name): time.sleep(0.01)
def say(name, text):
    open(name + ".new", "w").write(text)
    os.rename(name + ".new", name)
first = os.read(0, 6)
say("pid", str(os.getpid()))
wait_for("go_on")
rest = os.read(0, 100)
say("rest", rest.decode())
wait_for("end")
raise SystemExit(first + rest != b"first\\nsecond\\n")
"""


def body(directory):
    def path(name):
        return os.path.join(directory, name)

    def start(*command, **how):
        return subprocess.Popen([os.path.join(BIN, command[0]), *command[1:]], cwd=directory, **how)

    def checkpoint(*options):
        with open(path("pid"), encoding="ascii") as f:
            return subprocess.run([os.path.join(BIN, "cr_checkpoint"), *options, "-f", "context", f.read()], cwd=directory,
                                  capture_output=True, text=True, timeout=60 * SLOW, check=False)

    with open(path("reader.py"), "w", encoding="ascii") as f:
        f.write(READER)
    if CASE == "pipe":
        theirs, ours = os.pipe()
    else:
        pair = socket.socketpair()
        theirs, ours = (s.detach() for s in pair)
    with start("cr_run", sys.executable, "reader.py", stdin=theirs) as reader:
        try:
            os.close(theirs)
            os.write(ours, b"first\nsecond\n")
            wait_for(lambda: os.path.exists(path("pid")), "the reader")
            expect(checkpoint(), TEMPORARY, "standard input has 7 bytes that the program has not read")
            expect(checkpoint("--drop-input"), OK)
            expect(checkpoint(), TEMPORARY, "--drop-input")
            with open(path("go_on"), "w", encoding="ascii"):
                pass
            wait_for(lambda: os.path.exists(path("rest")), "the rest")
            expect(checkpoint("--kill"), OK)
            reader.wait(60 * SLOW)
        finally:
            reader.kill()
    os.close(ours)
    with open(path("end"), "w", encoding="ascii"):
        pass
    with start("cr_restart", "context", stdin=subprocess.DEVNULL) as restarted:
        if restarted.wait(60 * SLOW) != 0:
            raise Failure("the reader has not got what was written")


run_test(body)
