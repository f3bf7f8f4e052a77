# SPDX-License-Identifier: Apache-2.0
"""groups.py BIN_DIRECTORY CR_TREE CR_FAMILY CASE: a process tree saved and restarted in unusual ways, and what is refused
by name: then nothing is written, and everybody goes on."""
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import (ARGUMENTS, ENVIRONMENT, OK, PERMANENT, TEMPORARY, Failure, alive, expect, kill_tree,
                        run_subject, run_test, state_of, tree_of, wait_for)  # noqa: E402

BIN, TREE, FAMILY, CASE = sys.argv[1:5]


def nothing_is_left(subject, *but):
    left = [name for name in os.listdir(subject.directory) if "context" in name and name not in but]
    if left:
        raise Failure(f"it left {left}")


def refused(subject, codes, *names, options=()):
    before = tree_of(subject.pid)
    expect(subject.checkpoint("context", *options), codes, *names)
    nothing_is_left(subject)
    if not all(alive(pid) for pid in before):
        raise Failure("somebody has ended")
    subject.must_pass()


def child_of(subject):
    return tree_of(subject.pid)[1]


def replaces(subject):
    """A file by a directory, a directory by another, and neither by mistake."""
    path = os.path.join(subject.directory, "context")
    with open(path, "w") as f:
        f.write("old")
    subject.must_checkpoint("context")
    first = os.stat(path).st_ino
    subject.must_checkpoint("context", "--backup=older")
    subject.must_checkpoint("context")
    if os.stat(path).st_ino == first or not os.path.isfile(os.path.join(path, "group")):
        raise Failure("it is not a new one")
    expect(subject.checkpoint("context", "--noclobber"), ENVIRONMENT, "exists already")
    with open(os.path.join(path, "a letter"), "w") as f:
        f.write("mine")
    expect(subject.checkpoint("context"), ENVIRONMENT, "is not replaced")
    os.unlink(os.path.join(path, "a letter"))
    subject.must_checkpoint("context", "--clobber")
    nothing_is_left(subject, "context")
    subject.kill()
    subject.restart("context")
    subject.must_pass()


def number_of_command(subject):
    """That of cr_restart, which is what a shell knows, stands for the program's."""
    subject.must_checkpoint("context")
    subject.kill()
    subject.restart("context")
    done = subject.run("cr_checkpoint", "-f", "second", "--kill", str(subject.shell.pid))
    expect(done, OK)
    subject.shell.wait(60)
    subject.restart("second")
    subject.must_pass()


def forked_copy(subject):
    """Stopped, and by itself: it is a process like any other."""
    child = child_of(subject)
    os.kill(child, signal.SIGSTOP)
    wait_for(lambda: state_of(child) == "T", "a stop")
    subject.must_checkpoint("context")
    wait_for(lambda: state_of(child) == "T", "the stop after the checkpoint")
    os.kill(child, signal.SIGCONT)
    expect(subject.run("cr_checkpoint", "-f", "alone", str(child)), OK)
    subject.must_pass()


def not_to_a_pipe(subject):
    done = subprocess.run([os.path.join(BIN, "cr_checkpoint"), "-F", "1", str(subject.pid)], capture_output=True, timeout=60)
    if done.returncode != ARGUMENTS or b"a process tree is saved to a directory" not in done.stderr:
        raise Failure(f"{done.returncode}: {done.stderr}")
    subject.must_pass()


def member_dies(subject):
    """In the middle: while it stands, or when it is asked; the leader says which, and goes on."""
    child = child_of(subject)
    os.kill(child, signal.SIGSTOP)
    wait_for(lambda: state_of(child) == "T", "a stop")
    os.kill(child, signal.SIGKILL)
    done = subject.checkpoint("context")  # of a tree with an ended child, or of one that ends now
    expect(done, OK)
    shutil.rmtree(os.path.join(subject.directory, "context"))


def member_ends(subject):
    """While it is asked to stand: it is none any more, and nothing of it is left in the directory, which can be replaced."""
    for _ in range(2):
        expect(subject.checkpoint("context"), OK)
        names = os.listdir(os.path.join(subject.directory, "context"))
        strange = [name for name in names if name not in ("group", "objects") and not name[0].isdigit()]
        if strange or len(names) != 4:
            raise Failure(f"left behind: {strange} of {names}")
    subject.kill()
    subject.restart("context")
    subject.must_pass()


def leader_dies(subject):
    """Whoever follows goes on when nobody leads."""
    child = child_of(subject)
    command = [os.path.join(BIN, "cr_checkpoint"), "-f", os.path.join(subject.directory, "context"), str(subject.pid)]
    for pause in (0, 0.01, 0.02, 0.05):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as asking:
            time.sleep(pause)
            asking.kill()
    wait_for(lambda: subject.checkpoint("context").returncode == OK, "another checkpoint")
    os.kill(subject.pid, signal.SIGKILL)
    expect(subject.run("cr_checkpoint", "--wait", "20", "-f", "alone", str(child)), OK)
    kill_tree(child)


def damaged(subject):
    subject.must_checkpoint("context")
    subject.kill()
    index = os.path.join(subject.directory, "context", "group")
    with open(index, "rb") as f:
        good = f.read()
    for change in (good[:-1], good[:40] + bytes([good[40] ^ 1]) + good[41:], b"", b"CARGRP" + bytes(30)):
        with open(index, "wb") as f:
            f.write(change)
        expect(subject.run("cr_restart", "context"), PERMANENT, "group")
    os.unlink(index)
    for what in ["has no file 'group'", "'group' in it is no regular file"]:
        for command in ["cr_restart", "cr_info"]:
            expect(subject.run(command, "context"), PERMANENT, "not one of a process tree", what)
        if not os.path.exists(index):
            os.mkfifo(index)
    os.unlink(index)
    with open(index, "wb") as f:
        f.write(good)
    subject.restart("context")
    subject.must_pass()


def info(subject):
    """cr_info knows the directory: who is in it, and with --verify whether every byte is as it was."""
    subject.must_checkpoint("context")
    parent, child = subject.pid, child_of(subject)
    with open(f"/proc/{child}/stat") as f:
        numbers = f.read().rpartition(")")[2].split()[1:4]
    shown = subject.run("cr_info", "--verify", "context")
    expect(shown, OK, f"{child}.ctx: context file", f"{parent}.ctx: context file")
    words = [line.split() for line in shown.stdout.splitlines()]
    if [str(child), *numbers, "cr_family"] not in words or shown.stdout.count("verified") != 2 or "2 processes" not in shown.stdout:
        raise Failure(f"it says {shown.stdout}")
    file = os.path.join(subject.directory, "context", f"{child}.ctx")
    with open(file, "rb") as f:
        good = f.read()
    with open(file, "wb") as f:  # in the memory
        f.write(good[:len(good) // 2] + bytes([good[len(good) // 2] ^ 1]) + good[len(good) // 2 + 1:])
    expect(subject.run("cr_info", "--verify", "context"), PERMANENT, f"{child}.ctx")
    os.unlink(file)
    expect(subject.run("cr_info", "context"), ENVIRONMENT, f"{child}.ctx")
    shutil.copy(os.path.join(subject.directory, "context", f"{parent}.ctx"), file)
    expect(subject.run("cr_info", "context"), PERMANENT, f"{child}.ctx", "not the file that the group was saved with")
    index = os.path.join(subject.directory, "context", "group")
    os.truncate(index, 50)
    expect(subject.run("cr_info", "context"), PERMANENT, "group is damaged")
    os.unlink(index)
    expect(subject.run("cr_info", "context"), PERMANENT, "not one of a process tree")
    subject.must_pass()


def works_in(pid, directory):
    try:
        return os.readlink(f"/proc/{pid}/cwd") == directory
    except OSError:
        return False


def missing_member(subject):
    """All files are looked at before anything is started; one whose host fails later ends all, with its message."""
    subject.must_checkpoint("context")
    child = child_of(subject)
    subject.kill()
    file = os.path.join(subject.directory, "context", f"{child}.ctx")
    os.rename(file, file + ".away")
    expect(subject.run("cr_restart", "context"), (ENVIRONMENT, PERMANENT), f"{child}.ctx")
    os.rename(file + ".away", file)
    objects = os.path.join(subject.directory, "context", "objects")
    with open(file, "r+b") as f:
        f.seek(8192)
        byte = f.read(1)
        f.seek(8192)
        f.write(bytes([byte[0] ^ 255]))
    before = set(os.listdir("/proc"))
    expect(subject.run("cr_restart", "context"), PERMANENT, f"{child}.ctx")
    new = [pid for pid in set(os.listdir("/proc")) - before if pid.isdigit() and alive(pid) and
           works_in(pid, subject.directory)]
    if new or not os.path.isdir(objects):
        raise Failure(f"left behind: {new}")
    with open(file, "r+b") as f:
        f.seek(8192)
        f.write(byte)
    subject.restart("context")
    subject.must_pass()


def one_alone(subject):
    """Of a directory in which two have a file in common."""
    subject.must_checkpoint("context")
    child = child_of(subject)
    subject.kill()
    for pid in (subject.pid, child):
        expect(subject.run("cr_restart", f"context/{pid}.ctx"), ENVIRONMENT, "in common")
    subject.restart("context")
    subject.must_pass()


def common_file(subject):
    """Which cr_restart opens for both: when it is what it was, and in one message if it is not."""
    subject.must_checkpoint("context")
    subject.kill()
    path = subject.flag + ".shared"
    os.unlink(path)
    expect(subject.run("cr_restart", "context"), ENVIRONMENT, "is missing", "--missing=create")
    subject.restart("context", "--missing=create")
    if not os.path.exists(path):
        raise Failure("it was not made again")
    subject.must_pass()


def number_taken(subject):
    """The tree still runs: a second one would have to have its numbers."""
    subject.must_checkpoint("context")
    expect(subject.run("cr_restart", "--pid-namespace=never", "context"), ENVIRONMENT, "cannot be had")
    subject.must_pass()


def stopped_member(subject):
    """By job control: it is saved, sleeps on, and sleeps after a restart."""
    child = child_of(subject)
    os.kill(child, signal.SIGSTOP)
    wait_for(lambda: state_of(child) == "T", "a stop")
    subject.must_checkpoint("context")
    wait_for(lambda: state_of(child) == "T", "the stop after the checkpoint")
    subject.kill()
    subject.restart("context")
    wait_for(lambda: state_of(child_of(subject)) == "T", "the stop after the restart")
    os.kill(child_of(subject), signal.SIGCONT)
    subject.must_pass()


def standard_output(directory):
    """A file that all have been given at 1: what they write after a restart comes one after the other. cr_restart has a
    terminal there, which does not count."""
    output = os.path.join(directory, "output")
    with open(output, "w") as out:
        shell = subprocess.Popen([os.path.join(BIN, "cr_run"), FAMILY, os.path.join(directory, "flag"), "lines"], stdout=out,
                                 stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory)
    try:
        wait_for(lambda: open(output).read().count("\n") > 20, "lines of both")
        expect(subprocess.run([os.path.join(BIN, "cr_checkpoint"), "-f", "context", str(shell.pid)], capture_output=True,
                              text=True, cwd=directory, timeout=60), OK)
    finally:
        kill_tree(shell.pid)
    shell.wait()
    wait_for(lambda: not os.path.exists(f"/proc/{shell.pid}"), "the end")
    master, slave = os.openpty()
    again = subprocess.Popen([os.path.join(BIN, "cr_restart"), "context"], stdin=subprocess.DEVNULL, stdout=slave,
                             stderr=subprocess.PIPE, text=True, cwd=directory)
    try:
        size = os.path.getsize(output)
        wait_for(lambda: again.poll() is not None or os.path.getsize(output) > size + 1000, "more lines")
        with open(os.path.join(directory, "flag"), "w"):
            pass
        if again.wait(60) != 0:
            raise Failure(f"cr_restart: {again.returncode}: {again.stderr.read()}")
    finally:
        kill_tree(again.pid)
        os.close(slave)
        os.close(master)
    with open(output) as f:
        lines = f.read().splitlines()
    for who in ("parent", "child"):
        numbers = [int(line.split()[1]) for line in lines if line.startswith(who)]
        if numbers != list(range(1, len(numbers) + 1)):
            raise Failure(f"lines of the {who} are lost or twice: {numbers}")
    if len(lines) != sum(line.startswith(("parent ", "child ")) for line in lines) or "PASS" in lines:
        raise Failure(f"strange lines in {lines}")


def busy_shell(subject):
    """A child at this moment, none at the next: none of the requests is refused, whatever the process had when it was asked
    and when it stood."""
    for _ in range(12):
        subject.must_checkpoint("context")
    subject.kill()
    subject.restart("context")
    subject.must_checkpoint("context")
    subject.must_pass()


BUSY = 'echo READY; n=0; until [ -e "$0" ]; do m=$(expr $n + 1); [ $m = $((n + 1)) ] || exit 1; n=$m; done; echo PASS'
CASES = {
    "replaces": (["plain"], replaces),
    "not_to_a_pipe": (["plain"], not_to_a_pipe),
    "pid_scope": (["plain"], lambda s: refused(s, TEMPORARY, "it has a child process", options=["--pid"])),
    "forked_copy": (["fork"], forked_copy),
    "not_hosted": (["static", FAMILY + "-static"], lambda s: refused(s, PERMANENT, "was not started by cr_run")),
    "memfd": (["memfd"], lambda s: refused(s, PERMANENT, "cannot be checkpointed: its program was executed from a memfd")),
    "loader": (["loader"], lambda s: refused(s, PERMANENT, "its program was executed by the loader (ld-")),
    "pipe_outside": (["pipe"], lambda s: refused(s, TEMPORARY, "has it open, too")),
    "memory_outside": (["memory"], lambda s: refused(s, TEMPORARY, "is mapped by", "too")),
    "one_alone": (["file"], one_alone),
    "common_file": (["file"], common_file),
    "member_refuses": (["obstacle"], lambda s: refused(s, TEMPORARY, f"process {child_of(s)} (cr_family)", "socket")),
    "member_dies": (["plain"], member_dies),
    "leader_dies": (["plain"], leader_dies),
    "member_ends": (["ends"], member_ends),
    "damaged": (["plain"], damaged),
    "info": (["plain"], info),
    "missing_member": (["plain"], missing_member),
    "number_of_command": (["plain"], number_of_command),
    "number_taken": (["plain"], number_taken),
    "stopped_member": (["plain"], stopped_member),
}

if CASE == "standard_output":
    run_test(standard_output)
elif CASE == "busy_shell":
    run_subject(BIN, ["dash", "-c", BUSY, "@FLAG@"], busy_shell)
else:
    words, body = CASES[CASE]
    run_subject(BIN, [FAMILY, "@FLAG@", *words], body)
