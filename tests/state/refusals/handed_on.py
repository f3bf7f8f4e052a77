# SPDX-License-Identifier: Apache-2.0
"""handed_on.py BIN_DIRECTORY: a pipe that the starter has left open is refused with a way out; one that the program has
made at a number of its own is not taken for it."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import TEMPORARY, expect, run_test, wait_for  # noqa: E402

BIN = sys.argv[1]
WAIT = "import os, sys, time; sys.argv[1] == 'own' and os.pipe(); open('ready', 'w'); time.sleep(1000)"


def answer(directory, what, left_open):
    """Of cr_checkpoint."""
    ready = os.path.join(directory, "ready")
    if os.path.exists(ready):
        os.unlink(ready)
    program = subprocess.Popen([os.path.join(BIN, "cr_run"), sys.executable, "-c", WAIT, what], pass_fds=left_open,
                               stdin=subprocess.DEVNULL, cwd=directory)
    try:
        wait_for(lambda: os.path.exists(ready), "the program")
        return subprocess.run([os.path.join(BIN, "cr_checkpoint"), "-f", "context", str(program.pid)], cwd=directory,
                              capture_output=True, text=True)
    finally:
        program.kill()
        program.wait()


def body(directory):
    pipe = os.pipe()
    done = answer(directory, "none", pipe[1:])
    expect(done, TEMPORARY, f"pipe at descriptor {pipe[1]}, which was open when", f"{pipe[1]}>&-")
    done = answer(directory, "own", ())
    expect(done, 0)


run_test(body)
