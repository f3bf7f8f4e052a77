# SPDX-License-Identifier: Apache-2.0
"""outlived.py BIN_DIRECTORY PROGRAM thread|exec: what cannot be asked for and keeps a program from being saved does so as long as
it is in force: dispatched system calls until their thread has ended, rules of landlock also in the program that is executed
next."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, PERMANENT, SLOW, Failure, Skip, expect, run_test, wait_for  # noqa: E402

BIN, PROGRAM, CASE = sys.argv[1:]


def body(directory):
    path = os.path.join(directory, "pid")
    with subprocess.Popen([os.path.join(BIN, "cr_run"), PROGRAM, CASE], cwd=directory, stdin=subprocess.DEVNULL) as program:
        pid = None
        try:
            wait_for(lambda: os.path.exists(path) or program.poll() is not None, "the program")
            if program.poll() == 77:
                raise Skip("the kernel has no such restriction")
            if program.poll() is not None:
                raise Failure(f"the program ended with {program.returncode}")
            with open(path, encoding="ascii") as f:
                pid = int(f.read())
            done = subprocess.run([os.path.join(BIN, "cr_checkpoint"), "-f", "context", str(pid)], cwd=directory,
                                  capture_output=True, text=True, timeout=60 * SLOW, check=False)
            expect(done, PERMANENT, "landlock") if CASE == "exec" else expect(done, OK)
        finally:
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            program.kill()


run_test(body)
