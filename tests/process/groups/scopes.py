# SPDX-License-Identifier: Apache-2.0
"""scopes.py BIN_DIRECTORY CR_SCOPES CASE: process groups and sessions, whose members need not be related, are saved and come back."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import (OK, ORDINARY, PERMANENT, Failure, Skip, Subject, alive, expect, kill_tree, name_of, run_subject,
                        run_test, wait_for)  # noqa: E402

BIN, SCOPES, CASE = sys.argv[1:4]
WAIT = "--wait=20"  # one may only begin


class Session(Subject):
    """Of the subject alone."""
    own_session = True

    def orphan(self):
        return int(self.output().split("ORPHAN ")[1].split()[0])


def save_and_kill(subject, name, *scope):
    """By the number that a shell would show: that of the group or session."""
    number = os.getsid(subject.pid)
    expect(subject.run("cr_checkpoint", WAIT, "-f", name, "--kill", *scope, str(number), user=subject.user), OK)
    subject.shell.wait(60)


def twice(subject, *scope, options=()):
    orphan = subject.orphan()
    save_and_kill(subject, "first", *scope)
    wait_for(lambda: not alive(orphan), "the end of the one without a parent")
    for name in ["first", "second"]:
        subject.restart(name if name == "second" else "first", *options)
        if name == "first":
            save_and_kill(subject, "second", *scope)
    subject.must_pass()


def group(subject):
    twice(subject, "-g")


def session(subject):
    twice(subject, "--sid")


def of_user(subject):
    twice(subject, "--pgid")


def new_numbers(subject):
    """Nobody of them keeps his own, and those of groups whose leader is gone change as well: the test's program would notice."""
    save_and_kill(subject, "first", "-s")
    subject.restart("first", "--no-restore-pid")
    wait_for(lambda: len(members_of(subject.shell.pid)) == 4, "the end of what the restart was to run")
    members = members_of(subject.shell.pid)
    groups = {os.getpgid(pid) for pid in members}
    if len(groups) != 2:
        raise Failure(f"processes {members} in groups {groups}")
    for pid in members:
        os.kill(pid, signal.SIGKILL)


def members_of(leader):
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if in_session(pid, leader)]


def in_session(pid, leader):
    try:
        return os.getsid(pid) == leader
    except OSError:
        return False


def goes_on(subject):
    for i in range(3):
        expect(subject.run("cr_checkpoint", WAIT, "-f", f"context{i}", "-s", str(subject.pid)), OK)
    subject.must_pass()


def asked(subject, word):
    with open(subject.flag + ".ask", "w"):
        pass
    wait_for(lambda: word in subject.output() or not alive(subject.pid), word)


def by_libcr(subject):
    """A member that does not lead the group asks for it."""
    number = subject.pid
    asked(subject, "SAVED")
    os.kill(subject.orphan(), signal.SIGKILL)
    subject.kill()
    subject.restart(f"context.{number}")
    wait_for(lambda: "RESTARTED" in subject.output() or not alive(subject.pid), "RESTARTED")
    subject.must_pass()


def tree_alone(subject):
    """What the other one has, too, is named."""
    done = subject.run("cr_checkpoint", "-f", "first", str(subject.pid))
    expect(done, {PERMANENT, 3}, "pipe", f"process {subject.orphan()}")
    subject.must_pass()


def strangers(subject):
    """A session in which somebody is not hosted."""
    with subprocess.Popen(["setsid", "-w", "sh", "-c", f"{BIN}/cr_run sleep 600 & {BIN}/cr_run sleep 601 & wait"]) as shell:
        wait_for(lambda: len(sleepers(shell.pid)) == 2, "two programs")
        number = os.getsid(sleepers(shell.pid)[0])
        done = subject.run("cr_checkpoint", "-f", "first", "-s", str(number))
        kill_tree(shell.pid)
    expect(done, {PERMANENT, 3}, "(sh)")
    if os.path.exists(os.path.join(subject.directory, "first")):
        raise Failure("it has left something")
    subject.must_pass()


def sleepers(shell):
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if name_of(pid) == "sleep" and os.getsid(pid) in {shell, os.getsid(shell)} | set(children(shell))]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(word) for word in f.read().split()]


COUNT = "import sys,time\nfor i in range(200):\n  print(i, flush=True)\n  time.sleep(0.02)\n"
ADD = "import sys\nprint(sum(int(line) for line in sys.stdin))\n"


def start_pipeline(directory, stages, group):
    """As an interactive shell starts one: a process group of its own."""
    started, last = [], subprocess.DEVNULL
    for i, stage in enumerate(stages):
        is_last = i == len(stages) - 1
        with open(os.path.join(directory, "output"), "w") as out:
            process = subprocess.Popen([f"{BIN}/cr_run", *stage], cwd=directory, stdin=last, stderr=subprocess.DEVNULL,
                                       stdout=out if is_last else subprocess.PIPE, process_group=group)
        group = group or process.pid
        if last != subprocess.DEVNULL:
            last.close()
        last = process.stdout
        started.append(process)
    return started


def pipeline(directory):
    """What stands between the programs of a pipeline belongs to them, and not to who restarts them."""
    stages = start_pipeline(directory, [["python3", "-c", COUNT], ["cat"], ["python3", "-c", ADD]], 0)
    time.sleep(1.5)
    save_pipeline(directory, stages)
    restart_pipeline(directory)


def early_end(directory):
    """And goes on without its first."""
    stages = start_pipeline(directory, [["true"], ["python3", "-c", COUNT], ["cat"], ["python3", "-c", ADD]], 0)
    stages[0].wait(60)
    time.sleep(1.5)
    save_pipeline(directory, stages)
    restart_pipeline(directory)


def save_pipeline(directory, stages):
    done = subprocess.run([f"{BIN}/cr_checkpoint", WAIT, "-g", "--kill", "-f", "context", str(stages[0].pid)], cwd=directory,
                          capture_output=True, text=True, timeout=60)
    expect(done, OK)
    for stage in stages:
        stage.wait(60)


def restart_pipeline(directory):
    """Twice, from the same file."""
    for _ in range(2):
        with open(os.path.join(directory, "output"), "w"):
            pass
        done = subprocess.run([f"{BIN}/cr_restart", "context"], cwd=directory, capture_output=True, text=True, timeout=60,
                              start_new_session=True, check=False)
        expect(done, OK)
        with open(os.path.join(directory, "output")) as f:
            if f.read() != "19900\n" or done.stdout:
                raise Failure(f"the sum is another; to the standard output went {done.stdout}")


if CASE in ("pipeline", "early_end"):
    run_test(globals()[CASE])
else:
    if CASE == "new_numbers" and os.geteuid() != 0:
        run_test(lambda directory: (_ for _ in ()).throw(Skip("needs root")))
    run_subject(BIN, [SCOPES, "@FLAG@"], globals()[CASE], kind=Session, user=ORDINARY if CASE == "of_user" else None)
