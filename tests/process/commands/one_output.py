# SPDX-License-Identifier: Apache-2.0
"""one_output.py BIN_DIRECTORY alone|child: standard output and error are one file (>FILE 2>&1). After a restart that goes on with it, on
a terminal or with --stdio=saved, what is written to one does not overwrite what was written to the other; twice."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, Failure, expect, kill_tree, run_test, wait_for  # noqa: E402

BIN, CASE = sys.argv[1:3]
WRITER = """
import os, subprocess, sys, time
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) if sys.argv[1] == "child" else None
n = 0
while not os.path.exists("stop"):
    n += 1
    os.write(1 + n % 2, b"%d\\n" % n)
    time.sleep(0.01)
if child:
    child.communicate()
"""


def body(directory):
    output = os.path.join(directory, "output")

    def length():
        with open(output, encoding="ascii") as f:
            return f.read().count("\n")

    with open(output, "w") as out:
        command = subprocess.Popen([os.path.join(BIN, "cr_run"), sys.executable, "-c", WRITER, CASE], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=out, cwd=directory)
    master, slave = os.openpty()
    try:
        for turn, options in enumerate(([], ["--stdio=saved"])):
            size = length() if turn else 0
            wait_for(lambda: length() > size + 20, "lines of both")
            expect(subprocess.run([os.path.join(BIN, "cr_checkpoint"), "--kill", "--wait=10", "-f", f"context.{turn}", str(command.pid)],
                                  capture_output=True, text=True, timeout=60, cwd=directory), OK)
            command.wait(60)
            command = subprocess.Popen([os.path.join(BIN, "cr_restart"), *options, f"context.{turn}"], stdin=subprocess.DEVNULL,
                                       stdout=slave, stderr=slave, cwd=directory)
        size = length()
        wait_for(lambda: command.poll() is not None or length() > size + 20, "more lines")
        with open(os.path.join(directory, "stop"), "w"):
            pass
        if command.wait(60) != 0:
            raise Failure(f"it ended with {command.returncode}")
    finally:
        kill_tree(command.pid)
        os.close(slave)
        os.close(master)
    with open(output, encoding="ascii") as f:
        numbers = [int(line) for line in f]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Failure(f"lines are lost, or twice: {numbers}")


run_test(body)
