# SPDX-License-Identifier: Apache-2.0
"""ended.py BIN_DIRECTORY CR_REFUSED: a process that ends while its checkpoint is asked for is told of by the same exit code as one
that does not exist."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, expect, run_subject, wait_for  # noqa: E402

BIN, PROGRAM = sys.argv[1:3]


def has_asked(pid):
    """It has a socket: what it asks of hears no signal, so that it takes some time to answer."""
    directory = f"/proc/{pid}/fd"
    try:
        return any(os.readlink(os.path.join(directory, fd)).startswith("socket:") for fd in os.listdir(directory))
    except OSError:
        return False


def body(subject):
    command = [os.path.join(BIN, "cr_checkpoint"), "-q", "-f", "context", str(subject.pid)]
    with subprocess.Popen(command, cwd=subject.directory, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
        wait_for(lambda: has_asked(asking.pid), "the question")
        subject.kill()
        out, err = asking.communicate(timeout=60)
    expect(subprocess.CompletedProcess(command, asking.returncode, out, err), ENVIRONMENT, f"process {subject.pid} ")
    expect(subject.run("cr_checkpoint", str(subject.pid)), ENVIRONMENT, f"process {subject.pid} does not exist")


run_subject(BIN, [PROGRAM, "@FLAG@", "deaf"], body)
