# SPDX-License-Identifier: Apache-2.0
"""system_v.py BIN_DIRECTORY PROGRAM ALONE|TREE THERE|GONE|TAKEN|IN_USE [USER]: shared memory, semaphores and queues of System V
are what they were after restarts, whether they are still there or not; a key that another object has, or one that somebody
uses, refuses the restart. With USER everything is an ordinary user's, who cannot choose their numbers."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, ORDINARY, Failure, expect, run_subject  # noqa: E402


makers = set()  # processes that have made objects of the test


def numbers(subject):
    with open(os.path.join(subject.directory, "numbers"), encoding="ascii") as told:
        return [line.split() for line in told]


def rows(kind):
    with open(f"/proc/sysvipc/{kind}", encoding="ascii") as table:
        return [line.split() for line in table][1:]


def remove(key):
    """What the test has made, and nobody else."""
    for flag, kind in (("-m", "shm"), ("-s", "sem"), ("-q", "msg")):
        for row in rows(kind):
            if int(row[0]) in (key, key + 1) or (kind == "shm" and int(row[0]) == 0 and int(row[4]) in makers):
                subprocess.run(["ipcrm", flag, row[1]], stderr=subprocess.DEVNULL, check=False)


def must_have_the_same_numbers(subject):
    now = {flag + row[1] for flag, kind in (("-m", "shm"), ("-s", "sem"), ("-q", "msg")) for row in rows(kind)}
    missing = [f"{kind} {number}" for kind, number in numbers(subject) if kind + number not in now]
    if missing:
        raise Failure(f"not there with the same number: {missing}")


def refused_while_taken(subject, key, options):
    remove(key)
    taken = subprocess.run([sys.executable, "-c", "import ctypes, sys\n"
                            f"print(ctypes.CDLL(None).semget({key}, 1, 0o1600))"], capture_output=True, text=True, check=True)
    expect(subject.run("cr_restart", *options, "context", user=subject.user), ENVIRONMENT, "semaphores", "with that key")
    subprocess.run(["ipcrm", "-s", taken.stdout.strip()], check=True)


def refused_while_in_use(subject, key, options):
    user = subprocess.Popen([sys.executable, "-c", "import ctypes, sys\nlibc = ctypes.CDLL(None)\n"
                             "libc.shmat.restype = ctypes.c_void_p\n"
                             f"libc.shmat(libc.shmget({key}, 0, 0), None, 0)\nprint('attached', flush=True)\n"
                             "sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    user.stdout.readline()
    expect(subject.run("cr_restart", *options, "context", user=subject.user), ENVIRONMENT, "is used by", "mappings of other")
    user.communicate()


BETWEEN = {"GONE": lambda subject, key, options: remove(key), "TAKEN": refused_while_taken,
           "IN_USE": refused_while_in_use, "THERE": lambda subject, key, options: None}


def main():
    bin_dir, program, case, how, *user = sys.argv[1:]
    key = 0x0c000000 + (os.getpid() & 0x3fffff) * 2
    # An ordinary user's tree cannot have its numbers.
    options = ["--no-restore-pid"] if user and case == "TREE" else []

    def body(subject):
        try:
            makers.add(subject.pid)
            subject.must_checkpoint("context")
            for number in range(3):
                subject.kill()
                BETWEEN[how](subject, key, options)
                subject.restart("context", *options)
                makers.update((subject.pid, subject.shell.pid))
                if number < 2:
                    subject.must_checkpoint("context.next")
                    os.rename(os.path.join(subject.directory, "context"), os.path.join(subject.directory, f"context.{number}"))
                    os.rename(os.path.join(subject.directory, "context.next"), os.path.join(subject.directory, "context"))
                if not user:
                    must_have_the_same_numbers(subject)
            subject.must_pass()
            held = [row for row in rows("sem") if int(row[0]) == key]
            if len(held) != 1:
                raise Failure(f"the semaphores are not there once: {held}")
        finally:
            subject.close()
            remove(key)

    run_subject(bin_dir, [program, "@FLAG@", str(key), case], body, user=ORDINARY if user else None)


main()
