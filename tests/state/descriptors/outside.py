# SPDX-License-Identifier: Apache-2.0
"""outside.py BIN_DIRECTORY tcp|unix: a program has a connection with this test. It is refused by name; with
--reset-connections it is saved, and unharmed; after a restart it reads what had arrived, and then finds the connection
reset. The restart says which."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import TEMPORARY, Failure, Subject, expect, run_test, wait_for  # noqa: E402

PROGRAM = """
import errno, os, socket, sys, time
flag, family, address = sys.argv[1:]
if family == "tcp": s = socket.create_connection(("127.0.0.1", int(address)))
else:
    s = socket.socket(socket.AF_UNIX)
    s.connect(address)
first = s.recv(6, socket.MSG_WAITALL)
print("READY", flush=True)
while not os.path.exists(flag + ".go"): time.sleep(0.01)
print("SAID", s.recv(5, socket.MSG_WAITALL).decode(), flush=True)
while not os.path.exists(flag): time.sleep(0.01)
rest = s.recv(5, socket.MSG_WAITALL)
try: end = f"end of file {s.recv(1)}"
except OSError as error: end = errno.errorcode[error.errno]
try:
    s.send(b"x")
    sent = "sent"
except OSError as error: sent = errno.errorcode[error.errno]
print("PASS" if (first, rest, end, sent) == (b"first,", b"third", "ECONNRESET", "EPIPE") else f"FAIL {rest} {end} {sent}")
"""
BIN, FAMILY = sys.argv[1:]


def body(directory):
    with socket.socket(socket.AF_INET if FAMILY == "tcp" else socket.AF_UNIX) as listener:
        path = os.path.join(directory, "s")
        listener.bind(("127.0.0.1", 0) if FAMILY == "tcp" else path)
        listener.listen()
        address = str(listener.getsockname()[1]) if FAMILY == "tcp" else path
        subject = Subject(BIN, [sys.executable, "-c", PROGRAM, "@FLAG@", FAMILY, address], directory)
        try:
            connection, _ = listener.accept()
            connection.send(b"first,")
            subject.wait_ready()
            named = [address] + (["with 127.0.0.1 port"] if FAMILY == "tcp" else [])
            expect(subject.checkpoint("context"), TEMPORARY, "--reset-connections", *named)
            subject.must_checkpoint("other", "--reset-connections")
            connection.send(b"again")
            with open(subject.flag + ".go", "w"):
                pass
            wait_for(lambda: "SAID again" in subject.output(), "what was sent after the checkpoint")
            connection.send(b"third")
            subject.must_checkpoint("context", "--reset-connections")
            subject.kill()
            subject.restart("context")
            if address not in subject.output() or "is reset" not in subject.output():
                raise Failure(f"nothing is said: {subject.output()}")
            subject.must_pass()
        finally:
            subject.close()


run_test(body)
