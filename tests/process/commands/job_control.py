# SPDX-License-Identifier: Apache-2.0
"""job_control.py BIN_DIRECTORY run|restart|mpirun|ompi-restart [RING]: ^Z, fg and ^C in a shell on a terminal. While a job stands still a
request is answered: a single process is saved as it stands, for a job of MPI the answer says that it is stopped. When
it goes on it can be saved."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, SLOW, TEMPORARY, Failure, alive, expect, run_test, wait_for  # noqa: E402
from terminal import Terminal  # noqa: E402

BIN, CASE = sys.argv[1:3]
TICKS = """
import os, time
open("pid", "w").write(str(os.getpid()))
while os.write(1, b"tick;"): time.sleep(0.05)
"""
os.environ["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
if os.getuid() == 0:
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")


class Shell:
    """bash with job control, and one job of it."""

    def __init__(self, directory):
        self.directory = directory
        self.terminal = Terminal()
        self.terminal.start(["bash", "--norc", "--noprofile", "--noediting", "-i"], cwd=directory)

    def ask(self, command, *words):
        return subprocess.run([os.path.join(BIN, command), *words], capture_output=True, text=True, timeout=60 * SLOW,
                              cwd=self.directory)

    def say(self, line, shows=b"tick;"):
        """Waits until it shows something after the line."""
        self.terminal.type(line.encode() + b"\n")
        self.terminal.expect(line.split()[-1].encode())
        self.terminal.expect(shows)

    def stop(self):
        self.terminal.type(b"\x1a")
        self.terminal.expect(b"Stopped")

    def job(self):
        shell = self.terminal.started[0].pid
        with open(f"/proc/{shell}/task/{shell}/children") as f:
            return f.read().split()[0]

    def interrupt(self, wanted):
        job = int(self.job())
        self.terminal.type(b"\x03")
        wait_for(lambda: self.terminal.look() or not alive(job), "the end after ^C")
        self.say("echo is:$?:", b"is:")
        status = self.terminal.expect(b":")
        if int(status) != wanted:
            raise Failure(f"its status is {status}, not {wanted}")


def one_process(shell):
    shell.say(f"{BIN}/cr_run {sys.executable} ticks.py")
    with open(f"{shell.directory}/pid") as f:
        pid = f.read()
    if CASE == "restart":
        expect(shell.ask("cr_checkpoint", "--kill", "-f", "first", pid), OK)
        shell.terminal.expect(b"Killed")
        shell.say(f"{BIN}/cr_restart first")
    shell.stop()
    expect(shell.ask("cr_checkpoint", "-f", "stopped", pid), OK)
    shell.say("fg")
    expect(shell.ask("cr_checkpoint", "-f", "running", pid), OK)
    shell.interrupt(130)


def job_of_mpi(shell):
    shell.say(f"{BIN}/mpirun --with-cr -np 2 {RANK} --seconds 100 --report 10", b"tep")
    mpirun = shell.job()
    if CASE == "ompi-restart":
        expect(shell.ask("ompi-checkpoint", "--term", mpirun), OK)
        wait_for(lambda: shell.terminal.look() or not alive(int(mpirun)), "the end of the job")
        shell.say(f"{BIN}/ompi-restart ompi_global_snapshot_{mpirun}.ckpt", b"tep")
        mpirun = shell.job()
    shell.stop()
    for _ in range(2):
        expect(shell.ask("ompi-checkpoint", mpirun), TEMPORARY, "is stopped")
    shell.say("fg", b"tep")
    expect(shell.ask("ompi-checkpoint", mpirun), OK)
    shell.interrupt(1)


def body(directory):
    with open(f"{directory}/ticks.py", "w") as f:
        f.write(TICKS)
    shell = Shell(directory)
    try:
        job_of_mpi(shell) if RANK else one_process(shell)
    finally:
        shell.terminal.close()


RANK = sys.argv[3] if len(sys.argv) > 3 else None
run_test(body)
