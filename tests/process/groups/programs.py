# SPDX-License-Identifier: Apache-2.0
"""programs.py [--seed S] [--moments N] BIN_DIRECTORY CASE: everyday programs, whose sources are in everyday/. Each
is saved at random moments, ended, and restarted; its output must be that of a run without Cairn."""
import argparse
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import ENVIRONMENT, OK, TEMPORARY, Failure, Skip, alive, kill_tree, run_test, wait_for  # noqa: E402

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "everyday")
CASES = {
    "pipeline": ["bash", "-c", "seq 1 30000 | python3 filter.py | sed s/1/one/ | tac | md5sum"],
    "substitution": ["bash", "-c", 'for i in 1 2 3 4 5 6 7 8; do x=$(seq $i 2 30000); y=$(sort -r <<<"$x"); '
                                   'md5sum <<<"$i $y"; done'],
    "subshells": ["bash", "-c", 'for i in 1 2 3 4 5 6; do x=$(seq $i 3 30000 | while read n; do echo $((n * 3)); done | md5sum); '
                                'echo "$i $x"; done | (cat; echo end)'],
    "bash_jobs": ["bash", "jobs.sh"],
    "dash_jobs": ["dash", "jobs.sh"],
    "workers": ["python3", "workers.py"],
    "spawned": ["python3", "spawned.py"],
    "server": ["python3", "serve.py"],
    "client": ["python3", "serve.py", "two"],
    "manager": ["python3", "managed.py"],
    "watcher": ["python3", "watched.py"],
    "database": ["python3", "database.py"],
    "archive": ["bash", "-c", "tar -cf - --sort=name --mtime=@0 data | gzip -9n | tee copy | gunzip | md5sum; md5sum copy"],
    "xz": ["bash", "-c", "cat data/* | xz -1 -T2 --block-size=1MiB | tee copy | xz -dc -T2 | md5sum; md5sum copy"],
    "make": ["make", "-s", "-j2"],
    "compile": ["sh", "compile.sh"],
    "git": ["sh", "versions.sh"],
    "python": ["python3", "talk.py"],
    "perl": ["perl", "forks.pl"],
    "tcl": ["tclsh", "pipes.tcl"],
    "node": ["node", "workers.js"],
    "expect": ["expect", "terminal.exp"],
    "pty": ["python3", "terminal.py"],
    "script": ["script", "-qec", "for i in 1 2 3 4 5 6 7 8; do seq $i 40 1000 | md5sum; sleep 0.1; done; test -t 0 && stty size", "typescript"],
    "java": ["java", "-XX:+UseSerialGC", "Threads.java"],
}
# What else a case runs.
ALSO = {"compile": ["gcc", "make"], "git": ["git"], "java": ["javac"], "xz": ["xz"]}


def prepare(directory):
    for name in os.listdir(SOURCES):
        shutil.copy(os.path.join(SOURCES, name), directory)
    os.mkdir(os.path.join(directory, "data"))
    draw = random.Random(1)
    for i in range(40):
        with open(os.path.join(directory, "data", f"{i}"), "wb") as f:
            f.write(draw.randbytes(20000) * 40)


def start(command, directory):
    with open(os.path.join(directory, "output"), "wb") as out, open(os.path.join(directory, "errors"), "wb") as errors:
        return subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)


def outcome(directory):
    with open(os.path.join(directory, "output")) as f, open(os.path.join(directory, "errors")) as g:
        return f.read(), g.read()


def said(directory):
    """By cr_restart."""
    try:
        with open(os.path.join(directory, "restart")) as f:
            return f.read()
    except OSError:
        return ""


def has_ended(process):
    """Its command ends behind the program."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        return False
    return True


def checkpoint(bin_dir, pid, directory, process):
    """True if it was saved, and ended by that: what it would do to files behind the checkpoint would be there in a restart.
    What comes and goes may be in the way for a while."""
    last = ""
    for _ in range(200):
        done = subprocess.run([os.path.join(bin_dir, "cr_checkpoint"), "-f", "context", "--kill", str(pid)], cwd=directory,
                              capture_output=True, text=True, timeout=120)
        if done.returncode == OK:
            return True
        if process.poll() is not None or done.returncode == ENVIRONMENT and has_ended(process):
            return False
        last = done.stderr
        if done.returncode != TEMPORARY:
            break
        time.sleep(0.01)
    raise Failure(f"no checkpoint: {last}")


def run_once(bin_dir, command, directory, wanted, seconds, draw):
    """Saved, ended and restarted at one to three moments. How often that was done."""
    process = start([os.path.join(bin_dir, "cr_run"), *command], directory)
    pid, times = process.pid, 0
    try:
        for _ in range(draw.randint(1, 3)):
            time.sleep(draw.uniform(0.02, seconds * 0.7))
            if process.poll() is not None or not checkpoint(bin_dir, pid, directory, process):
                break
            process.wait()
            process = subprocess.Popen([os.path.join(bin_dir, "cr_restart"), "--stdio=saved", "context"], cwd=directory,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=open(os.path.join(directory, "restart"), "ab"))
            wait_for(lambda: process.poll() is not None or alive(pid), "a restart")
            times += 1
        if process.wait(120) != 0:
            raise Failure(f"it ended with {process.returncode}: {outcome(directory)[1]}{said(directory)}")
    finally:
        kill_tree(process.pid)
        kill_tree(pid)
    if outcome(directory)[0] != wanted:
        raise Failure(f"other output after {times} restarts: {outcome(directory)} instead of {wanted}")
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--moments", type=int, default=3, help="restarts at least")
    parser.add_argument("bin")
    parser.add_argument("case", choices=CASES)
    arguments = parser.parse_args()
    if os.getuid() != 0:
        print("needs root, for the numbers of processes")
        sys.exit(77)
    draw = random.Random(arguments.seed)
    print(f"--seed {arguments.seed}")

    def body(directory):
        for program in [CASES[arguments.case][0], *ALSO.get(arguments.case, [])]:
            if shutil.which(program) is None:
                raise Skip(f"no {program}")
        native = os.path.join(directory, "native")
        os.mkdir(native)
        prepare(native)
        begun = time.monotonic()
        if start(CASES[arguments.case], native).wait(120) != 0:
            raise Failure(f"without Cairn: {outcome(native)}")
        seconds = time.monotonic() - begun
        times = tries = 0
        while times < arguments.moments:
            if tries > 20:
                raise Failure("it always ends before it is saved")
            place = os.path.join(directory, str(tries))
            os.mkdir(place)
            prepare(place)
            times += run_once(arguments.bin, CASES[arguments.case], place, outcome(native)[0], seconds, draw)
            tries += 1

    run_test(body)


main()
