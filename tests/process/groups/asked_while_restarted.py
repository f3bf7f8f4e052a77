# SPDX-License-Identifier: Apache-2.0
"""asked_while_restarted.py [--times N] BIN_DIRECTORY: a process tree is asked for a checkpoint by the number of its first process when
that is a copy of cr_restart still, and the others run their hosts already: what is saved is the tree, not one of the others."""
import argparse
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, TEMPORARY, Failure, alive, kill_tree, run_test, tree_of, wait_for  # noqa: E402

MEMBERS = 9
SCRIPT = f"for i in $(seq {MEMBERS - 1}); do sleep 600 & done; touch ready; wait"


def program_of(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return ""


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return f.read().split()
    except OSError:
        return []


def stop_between(pid):
    """True if it stands where its children have hosts, and it has none. It is missed now and then."""
    until = time.monotonic() + 10
    while program_of(pid) != "cr_restart" or len(children_of(pid)) < MEMBERS - 1:
        if time.monotonic() > until or program_of(pid).startswith("cairn-"):
            return False
    children = children_of(pid)
    while program_of(pid) == "cr_restart":
        if any(program_of(child).startswith("cairn-") for child in children):
            os.kill(pid, signal.SIGSTOP)
            return program_of(pid) == "cr_restart"
    return False


def ask_until_saved(bin_dir, pid, directory, stands):
    """It may be told to come back."""
    for _ in range(200):
        with subprocess.Popen([os.path.join(bin_dir, "cr_checkpoint"), "-q", "-f", "context", str(pid)], cwd=directory,
                              stderr=subprocess.PIPE, text=True) as asking:
            if stands:
                time.sleep(0.2)
            os.kill(pid, signal.SIGCONT)
            said = asking.communicate(timeout=60)[1]
        if asking.returncode == OK:
            return
        if asking.returncode != TEMPORARY:
            raise Failure(f"{asking.returncode}: {said}")
        stands = False
    raise Failure("it was never saved")


def saved(bin_dir, directory):
    """Number of the first process, and how many there are."""
    done = subprocess.run([os.path.join(bin_dir, "cr_info"), "context"], cwd=directory, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    members = [int(line[0]) for line in lines if len(line) == 5 and line[0].isdigit()]
    return members[:1], len(members)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5, help="that it stands between")
    parser.add_argument("bin")
    arguments = parser.parse_args()
    if os.getuid() != 0:
        print("needs root, for the numbers of processes")
        sys.exit(77)

    def body(directory):
        command = subprocess.Popen([os.path.join(arguments.bin, "cr_run"), "bash", "-c", SCRIPT], cwd=directory,
                                   stdin=subprocess.DEVNULL)
        pid, times, stands = command.pid, 0, False
        try:
            wait_for(lambda: os.path.exists(os.path.join(directory, "ready")), "the children")
            for _ in range(arguments.times * 20):
                ask_until_saved(arguments.bin, pid, directory, stands)
                if saved(arguments.bin, directory) != ([pid], MEMBERS):
                    raise Failure(f"asked for {pid}, saved {saved(arguments.bin, directory)}")
                times += stands
                if times == arguments.times:
                    break
                members = tree_of(pid)
                kill_tree(pid)
                wait_for(lambda: not any(alive(member) for member in members), "the end")
                command.wait(60)
                command = subprocess.Popen([os.path.join(arguments.bin, "cr_restart"), "context"], cwd=directory,
                                           stdin=subprocess.DEVNULL)
                stands = stop_between(pid)
        finally:
            kill_tree(command.pid)
            kill_tree(pid)
        print(f"it stood between {times} times")

    run_test(body)


main()
