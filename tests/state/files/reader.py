# SPDX-License-Identifier: Apache-2.0
"""reader.py BIN_DIRECTORY: one process of a tree writes to a file that another one only reads, and has overwritten it after the
checkpoint. Both take it as it is now, and that is said once."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_subject, wait_for  # noqa: E402

PROGRAM = """import os, sys, time
def wait_for(name):
    while not os.path.exists(name): time.sleep(0.01)
with open("data", "w") as f: f.write("old")
told, tell = os.pipe()
if os.fork() == 0:
    data = open("data")
    os.write(tell, b".")
    wait_for(sys.argv[1])
    os._exit(0 if data.read() == "new" else 1)
os.read(told, 1)
data = open("data", "r+")
print("READY", flush=True)
wait_for("go")
data.write("new")
data.flush()
print("OVERWRITTEN", flush=True)
wait_for(sys.argv[1])
if os.wait()[1] == 0: print("PASS")"""


def body(subject):
    subject.must_checkpoint("context")
    with open(os.path.join(subject.directory, "go"), "w"):
        pass
    wait_for(lambda: "OVERWRITTEN" in subject.output(), "the file to be overwritten")
    subject.kill()
    subject.restart("context")
    subject.must_pass()
    if subject.output().count("data has been written since the checkpoint") != 1:
        raise Failure(f"not said once: {subject.output()}")


run_subject(sys.argv[1], [sys.executable, "-c", PROGRAM, "@FLAG@"], body)
