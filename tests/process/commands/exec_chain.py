# SPDX-License-Identifier: Apache-2.0
"""exec_chain.py BIN_DIRECTORY EXEC_CHAIN EXEC_CHAIN_STATIC N TIMES: a program that executes another while it is asked for checkpoints,
one after the other, is not hurt by that, and is saved, whichever it is by then: the last context file goes on to the right end."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_test  # noqa: E402

BIN, CHAIN, STATIC = sys.argv[1:4]
LENGTH, TIMES = int(sys.argv[4]), int(sys.argv[5])


def run_once(directory):
    """How often it was asked, and saved."""
    program = subprocess.Popen([os.path.join(BIN, "cr_run"), CHAIN, str(LENGTH), STATIC], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, cwd=directory)
    asked = saved = 0
    try:
        while program.poll() is None:
            done = subprocess.run([os.path.join(BIN, "cr_checkpoint"), "-f", "context", str(program.pid)],
                                  stderr=subprocess.DEVNULL, cwd=directory, timeout=60)
            asked += 1
            saved += done.returncode == 0
    finally:
        program.kill()
    if program.wait() != 0 or "PASS" not in program.stdout.read():
        raise Failure(f"the program ended with {program.returncode} after {asked} requests")
    return asked, saved


def restart(directory):
    done = subprocess.run([os.path.join(BIN, "cr_restart"), "context"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          cwd=directory, timeout=60)
    if done.returncode != 0 or "PASS" not in done.stdout:
        raise Failure(f"what was brought back ended with {done.returncode}: {done.stdout}")


def body(directory):
    rounds = [run_once(directory) for _ in range(TIMES)]
    asked, saved = (sum(column) for column in zip(*rounds))
    if asked < LENGTH * TIMES / 2 or saved < LENGTH * TIMES / 2:
        raise Failure(f"only {asked} requests, {saved} checkpoints for {LENGTH * TIMES} programs")
    if saved:
        restart(directory)


run_test(body)
