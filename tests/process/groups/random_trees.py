# SPDX-License-Identifier: Apache-2.0
"""random_trees.py BIN_DIRECTORY CR_RANDOM_TREE [--seeds N] [--first S] [--native] [--user]: process trees that are drawn from
seeds, each checkpointed at random moments, going on or killed and restarted, and checked. A failure prints the command
that repeats it. --native: without Cairn, which tests the tests. --user: as an ordinary user, in namespaces."""
import argparse
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import OK, ORDINARY, TEMPORARY, Failure, Subject, need_ordinary_user, run_test, wait_for  # noqa: E402

MOMENTS = 3  # of each tree


class Native(Subject):
    def start(self, command):
        super().start(command[1:])


def checkpoint(subject, name):
    """What may work when asked again is asked again: a child that has only just been made, say."""
    def taken():
        done = subject.checkpoint(name)
        if done.returncode not in (OK, TEMPORARY):
            raise Failure(f"cr_checkpoint: {done.returncode}: {done.stderr}")
        return done.returncode == OK
    wait_for(taken, "a checkpoint", 60)


def one(arguments, seed, directory):
    draw = random.Random(seed)
    subject = (Native if arguments.native else Subject)(
        os.path.abspath(arguments.bin), [os.path.abspath(arguments.program), "@FLAG@", str(seed)], directory,
        user=ORDINARY if arguments.user else None)
    done = []
    try:
        subject.wait_ready()
        for moment in range(MOMENTS):
            time.sleep(draw.choice([0, 0.01, 0.1, 0.3]) * draw.random())
            if arguments.native:
                continue
            checkpoint(subject, f"context-{moment}")
            done.append("c")
            if draw.random() < 0.6:
                time.sleep(draw.choice([0, 0, 0.1]) * draw.random())
                subject.kill()
                subject.restart(f"context-{moment}")
                done.append("r")
        subject.must_pass()
    finally:
        subject.close()
    return "".join(done)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--native", action="store_true")
    parser.add_argument("--user", action="store_true")
    arguments = parser.parse_args()
    failed = 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        try:
            with tempfile.TemporaryDirectory(dir=os.environ.get("CAIRN_TEST_SCRATCH")) as directory:
                if arguments.user:
                    need_ordinary_user(arguments.bin, directory)
                print(f"seed {seed}: {one(arguments, seed, directory)}", flush=True)
        except (Failure, subprocess.TimeoutExpired) as error:
            failed += 1
            again = [sys.executable, *sys.argv[:3], *(["--user"] if arguments.user else []), "--seeds", "1", "--first", str(seed)]
            print(f"seed {seed}: FAIL: {error}\n  again: {' '.join(again)}", flush=True)
    print(f"{arguments.seeds} trees, {failed} failed")
    if failed:
        raise Failure(f"{failed} of {arguments.seeds}")


run_test(lambda _directory: main())
