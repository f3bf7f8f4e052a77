# SPDX-License-Identifier: Apache-2.0
"""cr_cycle.py [options] BIN_DIRECTORY -- PROGRAM ARGUMENT...: the program must pass after it was checkpointed (and,
unless --continue, killed and restarted) as often as asked. "@FLAG@" among the arguments is the file it waits for."""
import argparse

from cr_harness import ORDINARY, run_subject


def cycle(subject, arguments, number):
    name = f"context.{number}"
    subject.must_checkpoint(name, *arguments.option)
    if arguments.go_on:
        return
    if "--kill" not in arguments.option:
        subject.kill()
    else:
        subject.shell.wait(60)
    subject.restart(name, *arguments.restart_option)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cycles", type=int, default=1)
    parser.add_argument("--continue", dest="go_on", action="store_true")
    parser.add_argument("--option", action="append", default=[], help="for cr_checkpoint")
    parser.add_argument("--restart-option", action="append", default=[], help="for cr_restart")
    parser.add_argument("--user", action="store_true", help="all of it as an ordinary user, with a namespace")
    parser.add_argument("bin")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()

    def body(subject):
        for number in range(arguments.cycles):
            cycle(subject, arguments, number)
        subject.must_pass()

    run_subject(arguments.bin, arguments.command, body, user=ORDINARY if arguments.user else None)


main()
