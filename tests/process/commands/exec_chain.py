# SPDX-License-Identifier: Apache-2.0
"""exec_chain.py BIN_DIRECTORY EXEC_CHAIN EXEC_CHAIN_STATIC N TIMES: a program that executes another while it is asked for checkpoints,
one after the other, is not hurt by that."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_test  # noqa: E402

BIN, CHAIN, STATIC = sys.argv[1:4]
LENGTH, TIMES = int(sys.argv[4]), int(sys.argv[5])


def run_once(directory):
    """How often it was asked."""
    program = subprocess.Popen([os.path.join(BIN, "cr_run"), CHAIN, str(LENGTH), STATIC], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, cwd=directory)
    asked = 0
    try:
        while program.poll() is None:
            subprocess.run([os.path.join(BIN, "cr_checkpoint"), "-f", "context", str(program.pid)], stderr=subprocess.DEVNULL,
                           cwd=directory, timeout=60)
            asked += 1
    finally:
        program.kill()
    if program.wait() != 0 or "PASS" not in program.stdout.read():
        raise Failure(f"the program ended with {program.returncode} after {asked} requests")
    return asked


def body(directory):
    asked = sum(run_once(directory) for _ in range(TIMES))
    if asked < LENGTH * TIMES / 2:
        raise Failure(f"only {asked} requests for {LENGTH * TIMES} programs")


run_test(body)
