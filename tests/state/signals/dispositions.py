# SPDX-License-Identifier: Apache-2.0
"""dispositions.py BIN_DIRECTORY WHO: which signals are ignored. With WHO starter, the program has never set any: each
is ignored or not as the new place has it. With WHO program it has set them, though as they were: they stay so. With WHO
before it has executed the program from one that ignored them."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from cr_harness import Failure, Subject, run_test  # noqa: E402

WATCHED = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1}
WAIT = """
import os, signal, sys, time
if sys.argv[2] == "program":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
print("READY", flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.01)
print("PASS", flush=True)
"""


def ignored(pid):
    with open(f"/proc/{pid}/status") as f:
        bits = int(next(line.split()[1] for line in f if line.startswith("SigIgn:")), 16)
    return {number for number in WATCHED if bits >> (number - 1) & 1}


def ignore(signals):
    """What this process starts will ignore these, and no other."""
    for number in WATCHED:
        signal.signal(number, signal.SIG_IGN if number in signals else signal.SIG_DFL)


def must_ignore(pid, wanted, when):
    if ignored(pid) != wanted:
        raise Failure(f"{when}: it ignores {ignored(pid)}, not {wanted}")


def main():
    bin_dir, who = sys.argv[1:]

    def body(directory):
        flag = os.path.join(directory, "check-yourself")
        command = [sys.executable, "-c", WAIT, flag, who]
        ignore({signal.SIGHUP, signal.SIGINT})
        if who == "before":
            ignore({signal.SIGINT})
            command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"] + command
        subject = Subject(bin_dir, command, directory)
        try:
            subject.wait_ready()
            must_ignore(subject.pid, {signal.SIGHUP, signal.SIGINT}, "at the start")
            for turn, place in enumerate([{signal.SIGQUIT, signal.SIGINT, signal.SIGUSR1}, {signal.SIGINT}], 1):
                subject.must_checkpoint(f"context.{turn}")
                subject.kill()
                ignore(place)
                subject.restart(f"context.{turn}")
                wanted = place
                if who == "program":
                    wanted = place - {signal.SIGUSR1} | {signal.SIGHUP}
                elif who == "before":
                    wanted = place | {signal.SIGHUP}
                must_ignore(subject.pid, wanted, f"restart {turn}")
            subject.must_pass()
        finally:
            subject.close()

    run_test(body)


main()
