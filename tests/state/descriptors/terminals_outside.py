# SPDX-License-Identifier: Apache-2.0
"""terminals_outside.py BIN_DIRECTORY: pseudo-terminals of which a process that is not saved has an end are refused by
name, and only as long as it has: a master that it has as well, a slave whose master is its own, a slave that it holds."""
import os
import pty
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, TEMPORARY, Failure, alive, kill_tree, run_test, wait_for  # noqa: E402

OWN = "import os, pty, time\nm, s = pty.openpty()\nprint(os.ttyname(s), flush=True)\ntime.sleep(1000)\n"


def save(bin_dir, directory, pid):
    return subprocess.run([os.path.join(bin_dir, "cr_checkpoint"), "-f", "context", str(pid)], cwd=directory,
                          capture_output=True, text=True, timeout=120)


def expect_refusal(done, *words):
    if done.returncode != TEMPORARY or not all(word in done.stderr for word in words):
        raise Failure(f"{done.returncode} instead of {TEMPORARY} with {words}: {done.stderr}")


def expect_saved(done):
    if done.returncode != OK:
        raise Failure(f"not saved: {done.stderr}")


def started(bin_dir, directory, command, **how):
    process = subprocess.Popen([os.path.join(bin_dir, "cr_run"), *command], cwd=directory, stdin=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **how)
    wait_for(lambda: os.path.basename(os.readlink(f"/proc/{process.pid}/exe")).startswith("cairn-host") or
             not alive(process.pid), "the program")
    return process


def body(bin_dir, directory):
    processes = []
    try:
        master, slave = pty.openpty()
        name = os.ttyname(slave)
        processes.append(started(bin_dir, directory, ["sleep", "1000"], stdout=subprocess.DEVNULL, pass_fds=[slave]))
        wait_for(lambda: "cannot be checkpointed" not in save(bin_dir, directory, processes[-1].pid).stderr, "its host")
        expect_refusal(save(bin_dir, directory, processes[-1].pid), f"device {name} at descriptor {slave}",
                       "which was open when the program was started", "a process that is not saved with it")
        processes.append(started(bin_dir, directory, ["sleep", "1000"], stdout=subprocess.DEVNULL, pass_fds=[master, slave]))
        wait_for(lambda: "cannot be checkpointed" not in save(bin_dir, directory, processes[-1].pid).stderr, "its host")
        expect_refusal(save(bin_dir, directory, processes[-1].pid), f"at descriptor {master}", "has it open, too")
        # The first one has still an end of what is the second one's alone otherwise.
        os.close(master)
        os.close(slave)
        expect_refusal(save(bin_dir, directory, processes[-1].pid), f"process {processes[0].pid}", "has it open, too")
        kill_tree(processes[0].pid)
        processes[0].wait()
        expect_saved(save(bin_dir, directory, processes[1].pid))

        processes.append(started(bin_dir, directory, [sys.executable, "-c", OWN], stdout=subprocess.PIPE, text=True))
        name = processes[-1].stdout.readline().strip()
        os.rename(os.path.join(directory, "context"), os.path.join(directory, "context.1"))
        with open(name, "rb", buffering=0):
            expect_refusal(save(bin_dir, directory, processes[-1].pid), f"process {os.getpid()}", "has it open, too")
        expect_saved(save(bin_dir, directory, processes[-1].pid))
    finally:
        for process in processes:
            if alive(process.pid):
                kill_tree(process.pid)


if __name__ == "__main__":
    run_test(lambda directory: body(sys.argv[1], directory))
