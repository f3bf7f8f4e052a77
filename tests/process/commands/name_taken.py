# SPDX-License-Identifier: Apache-2.0
"""name_taken.py BIN_DIRECTORY CR_COUNT: where somebody has the name at which a restarted process listens, he is named, and the way
out works."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, Skip, expect, run_subject  # noqa: E402

BIN, PROGRAM = sys.argv[1:3]
FIRST_SPACE = 0xEFFFFFFC


def address_of(pid):
    space = os.stat("/proc/self/ns/pid").st_ino
    return "\0cairn/" + ("" if space == FIRST_SPACE else f"{space}/") + str(pid)


def body(subject):
    if os.geteuid() != 0:
        raise Skip("needs root, to have the number again")
    subject.must_checkpoint("context")
    subject.kill()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as holder:
        holder.bind(address_of(subject.pid))
        expect(subject.run("cr_restart", "context"), ENVIRONMENT, f"process {os.getpid()} (", "has that name", "--no-restore-pid")
        subject.restart("context", "--no-restore-pid")
    subject.must_pass()


run_subject(BIN, [PROGRAM, "@FLAG@", "more"], body)
