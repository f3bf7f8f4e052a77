# SPDX-License-Identifier: Apache-2.0
"""all_signals.py BIN_DIRECTORY: mpirun --with-cr passes every signal that can be caught on to the real mpirun, which gives
the ranks those that it forwards. In its place stands a program that says what comes."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, kill_tree, run_test, state_of, wait_for  # noqa: E402

BIN = sys.argv[1]
END = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}  # of these one is passed on within some seconds
ABOUT_ITSELF = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGTTIN, signal.SIGTTOU}
PASSED_ON = sorted(signal.valid_signals() - ABOUT_ITSELF - {32, 33} - END)

STAND_IN = f"""#!{sys.executable}
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
number = 0
while number not in {[int(s) for s in END]}:
    print(number, flush=True)
    number = int(signal.sigwait(signal.valid_signals() - {{signal.SIGCHLD}}))
print(number, flush=True)
"""


class Job:
    def __init__(self, directory):
        self.log = open(f"{directory}/log", "w+")
        self.process = subprocess.Popen(
            [f"{BIN}/mpirun", "--with-cr", "-np", "1", "true"], cwd=directory, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT, env={**os.environ, "CAIRN_REAL_MPIRUN": f"{directory}/stand_in"})
        self.wait_said(0)

    def wait_said(self, number):
        def said():
            with open(self.log.name) as f:
                return str(int(number)) in f.read().split()
        wait_for(lambda: said() or self.process.poll() is not None, f"signal {number}", 20)
        if not said():
            raise Failure(f"signal {number} ended mpirun: {self.process.returncode}")

    def send(self, number):
        self.process.send_signal(number)
        self.wait_said(number)

    def end(self, number):
        self.send(number)
        if self.process.wait(20) != 0:
            raise Failure(f"mpirun's status is {self.process.returncode}")
        self.log.close()


def walk(job):
    for number in PASSED_ON:
        job.send(number)
        if number == signal.SIGTSTP:
            wait_for(lambda: state_of(job.process.pid) == "T", "mpirun stops as well")
            job.process.send_signal(signal.SIGCONT)


def body(directory):
    with open(f"{directory}/stand_in", "w") as f:
        f.write(STAND_IN)
    os.chmod(f"{directory}/stand_in", 0o755)
    for number in sorted(END):
        job = Job(directory)
        try:
            if number == signal.SIGTERM:
                walk(job)
            job.end(number)
        finally:
            if job.process.poll() is None:
                kill_tree(job.process.pid)
                job.process.wait()


run_test(body)
