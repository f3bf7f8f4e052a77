# SPDX-License-Identifier: Apache-2.0
"""during_restart.py BIN_DIRECTORY alone|tree: what others tell a program by signals while it is being restarted reaches
its handlers when it goes on, each signal once, and the restart none the worse; so for the child that it has."""
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, run_subject, tree_of, wait_for  # noqa: E402

BIN, CASE = sys.argv[1:]
TOLD = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGURG,
        signal.SIGWINCH, signal.SIGCONT, signal.SIGRTMIN, signal.SIGRTMAX - 1]
COUNT = """
import collections, os, signal, sys, time
told = [int(word) for word in sys.argv[3].split(",")]
heard = collections.Counter()
def hear(number, frame): heard[number] += 1
child = os.fork() if sys.argv[2] == "tree" else None
for number in told: signal.signal(number, hear)
print("READY" if child != 0 else "child", flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
right = all(heard[number] == 1 for number in told)
if child: right &= os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
if child != 0: print("PASS" if right else f"FAIL {heard}", flush=True)
sys.exit(not right)
"""


def becomes_program(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "cairn-host"
    except OSError:
        return False


def tell_all(subject, shell_before, processes, told):
    """As soon as there are hosts that shall be the program."""
    wait_for(lambda: subject.shell is not shell_before, "cr_restart")
    while len(told) < processes and subject.shell.poll() is None:
        for pid in tree_of(subject.shell.pid)[1:]:
            if pid in told or not becomes_program(pid):
                continue
            told.append(pid)
            for number in TOLD:
                os.kill(pid, number)


def body(subject):
    processes = 2 if CASE == "tree" else 1
    wait_for(lambda: processes == 1 or "child" in subject.output(), "the child")
    subject.must_checkpoint("context", *(["--tree"] if CASE == "tree" else []))
    subject.kill()
    for _ in range(3):
        told = []
        teller = threading.Thread(target=tell_all, args=(subject, subject.shell, processes, told))
        teller.start()
        try:
            subject.restart("context")
        finally:
            teller.join()
        if len(told) != processes:
            raise Failure(f"only {told} could be told anything")
        subject.must_pass()
        os.unlink(subject.flag)


run_subject(BIN, [sys.executable, "-c", COUNT, "@FLAG@", CASE, ",".join(str(int(number)) for number in TOLD)], body)
