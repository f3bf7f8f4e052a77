#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks quiesce.pml, finalize.pml and gate.pml with SPIN: the protocol is right in bounded searches, and every fault put into it is found.

    check.py CASE [--work DIR]     one case (see --list)
    check.py --list
    check.py --full                the long searches: more programs, two requests, two threads, deadlines; hours

A case fails if a search of the right protocol finds an error or is cut short, or if a fault is not found.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MEMORY = 3000  # MiB

# name: (arguments of programs.py, definitions)
RIGHT = {
    "plain": ("--count 3 --events 3", ""),
    "nonblocking": ("--count 2 --events 2 --kind nonblocking --seed 4", ""),
    "create": ("--count 2 --events 1 --kind create --members1 3", "-DCREATE -DMEMBERS1=3"),
    "free": ("--count 2 --events 2 --kind free", ""),
    "deadlines": ("--count 2 --events 1 --kind early", "-DDEADLINES"),
    "progress": ("--count 2 --events 2", "-DPROGRESS"),
    "group": ("--count 3 --events 2 --kind group", ""),
    "file": ("--count 3 --events 2 --kind file", ""),
    "leave": ("--count 1 --events 1", "-DDEADLINES -DLEAVE"),
    "threads": ("--count 1 --kind receives --threads 1 --extra 0", "-DGUESTS=4"),
}
FAULTS = {  # what the fault is, and where it is found
    "race": ("mode is tested and the collective counted in two steps", "--count 6 --events 3", "-DFAULT_RACE"),
    "through": ("a rank inside a collective reports only when it is through", "--count 6 --events 3", "-DFAULT_THROUGH"),
    "unstarted": ("recorded non-blocking collectives are not begun while others' limits need them",
                  "--count 10 --events 3 --kind nonblocking", "-DFAULT_UNSTARTED"),
    "equal": ("equal `entered` is taken for settled", "--count 6 --events 3", "-DFAULT_EQUAL"),
    "drop": ("an incomplete admission is dropped on continue", "--count 6 --events 3", "-DFAULT_DROP"),
    "forget": ("counters of freed communicators are forgotten", "--count 6 --events 2 --kind free", "-DFAULT_FORGET"),
    "known": ("level looks at communicators known locally only", "--count 6 --events 2 --kind create --members1 3",
              "-DFAULT_KNOWN -DCREATE -DMEMBERS1=3"),
    "park": ("receives are taken back behind F4", "--count 6 --events 3", "-DFAULT_PARK"),
    "gather": ("members of a group call go in before all have come", "--count 10 --events 2 --kind group",
               "-DFAULT_GATHER"),
    "left": ("a member at the door of a group call that another is inside counts as settled",
             "--count 10 --events 2 --kind group", "-DFAULT_LEFT"),
    "still": ("frozen ranks do not progress MPI", "--count 6 --events 3", "-DFAULT_STILL -DPROGRESS"),
    "section": ("a collective call stands behind a section of the gate instead of a door", "--count 6 --events 2",
                "-DFAULT_SECTION"),
    "heedless": ("ranks that have heard no verdict end the request without asking whether others have",
                 "--count 1 --events 1", "-DFAULT_HEEDLESS -DDEADLINES -DLEAVE -DMUTE"),
    "silent": ("a rank that is inside of a call without a door, or has made what cannot be saved, does not say so in F2",
               "--count 6 --events 1 --kind file", "-DFAULT_SILENT"),
    "owedwait": ("owed admissions are waited for", "--count 6 --events 1 --kind early", "-DFAULT_OWEDWAIT -DDEADLINES"),
    "clock0": ("a rank leaves F0 by its own clock, without the verdict", "--count 6 --events 2",
               "-DFAULT_CLOCK0 -DDEADLINES -DLEAVE"),
    "clock2": ("a rank leaves F2 by its own clock, without the verdict", "--count 6 --events 3",
               "-DFAULT_CLOCK2 -DDEADLINES -DLEAVE"),
    "unissued": ("who has left goes on without admissions, while others still wait for them", "--count 6 --events 1",
                 "-DFAULT_UNISSUED -DDEADLINES -DLEAVE"),
    "one": ("settled looks at the first thread only", "--count 1 --events 1 --threads 2 --extra 1 --members1 3",
            "-DFAULT_ONE -DGUESTS=5 -DMEMBERS1=3"),
    "parkfirst": ("receives of the first thread only are taken back", "--count 1 --kind receives --threads 1 --extra 0",
                  "-DFAULT_PARK_FIRST -DGUESTS=4"),
    "believe": ("a cut that somebody has left is believed in", "--count 6 --events 1",
                "-DFAULT_BELIEVE -DDEADLINES -DLEAVE"),
}
PARTS = {  # models of a part: the file, definitions, and what a fault is
    "finalize": ("finalize.pml", "", ""),
    "passed": ("finalize.pml", "-DFAULT_FINALIZE", "whoever has passed the door of MPI_Finalize does not say so"),
    "gate": ("gate.pml", "", ""),
    "unrevoked": ("gate.pml", "-DFAULT_UNREVOKED", "a second thread does not wait for what the first began alone"),
    "unfenced": ("gate.pml", "-DFAULT_UNFENCED", "a second thread runs no barrier on the first before it looks at it"),
    "blind": ("gate.pml", "-DFAULT_BLIND", "the callback thread looks at the threads without a barrier"),
    "biased": ("gate.pml", "-DFAULT_BIASED", "a thread that is alone takes tables without a lock while libcr's has the gate"),
    "unlinked": ("gate.pml", "-DFAULT_UNLINKED", "a thread's slot is in the list only when its section has begun"),
    "lonely": ("gate.pml", "-DFAULT_LONELY", "a thread that ends gives the bias back while two are left"),
}
FULL = {
    "plain4": ("--count 40 --events 4", ""),
    "nonblocking3": ("--count 30 --events 3 --kind nonblocking", ""),
    "free3": ("--count 20 --events 3 --kind free", "-DDEADLINES"),
    "create2": ("--count 20 --events 2 --kind create --members1 3", "-DCREATE -DMEMBERS1=3 -DDEADLINES"),
    "early2": ("--count 20 --events 2 --kind early", "-DDEADLINES"),
    "group3": ("--count 30 --events 3 --kind group", "-DDEADLINES"),
    "file3": ("--count 20 --events 3 --kind file", "-DDEADLINES"),
    "two-requests": ("--count 6 --events 2", "-DREQUESTS=2 -DDEADLINES"),
    "two-threads": ("--count 4 --events 2 --threads 2 --members1 3", "-DGUESTS=5 -DMEMBERS1=3"),
    "two-threads-receive": ("--count 3 --kind receives --threads 2 --extra 1 --members1 3", "-DGUESTS=5 -DMEMBERS1=3"),
    "leave2": ("--count 20 --events 2", "-DDEADLINES -DLEAVE"),
    "leave-nonblocking": ("--count 10 --events 2 --kind nonblocking", "-DDEADLINES -DLEAVE"),
    "leave-create": ("--count 10 --events 1 --kind create --members1 3", "-DCREATE -DMEMBERS1=3 -DDEADLINES -DLEAVE"),
    "leave-group": ("--count 10 --events 2 --kind group", "-DDEADLINES -DLEAVE"),
    "leave-mute": ("--count 4 --events 1", "-DDEADLINES -DLEAVE -DMUTE"),
    "leave-file": ("--count 10 --events 1 --kind file", "-DDEADLINES -DLEAVE"),
    "leave-early": ("--count 10 --events 1 --kind early", "-DDEADLINES -DLEAVE"),
    "leave-twice": ("--count 4 --events 1", "-DREQUESTS=2 -DDEADLINES -DLEAVE"),
    "progress3": ("--count 20 --events 3", "-DPROGRESS -DDEADLINES"),
}


def run(command, directory):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def search(work, programs, definitions, bitstate=False):
    """(errors found, search complete, states, first line of the error)"""
    code, text = run([sys.executable, str(HERE / "programs.py"), *programs.split()], work)
    if code:
        sys.exit(text)
    count = len(text.splitlines())
    return explore(work, "quiesce.pml", f"-DPROGRAM_COUNT={count} {definitions}", bitstate)


def explore(work, model, definitions, bitstate=False):
    (work / model).write_text((HERE / model).read_text(encoding="ascii"), encoding="ascii")
    code, text = run(["spin", "-a", *definitions.split(), model], work)
    if code:
        sys.exit(text)
    store = ["-DBITSTATE"] if bitstate else ["-DCOLLAPSE"]
    code, text = run(["gcc", "-O2", "-w", "-DSAFETY", "-DVECTORSZ=2048", f"-DMEMLIM={MEMORY}", *store, "-o", "pan",
                      "pan.c"], work)
    if code:
        sys.exit(text)
    code, text = run(["./pan", "-m500000", *(["-w32"] if bitstate else [])], work)
    errors = int(re.search(r"errors: (\d+)", text).group(1))
    states = re.search(r"(\d+) states, stored", text).group(1)
    found = re.search(r"^pan:1: .*$", text, re.M)
    complete = "out of memory" not in text and "max search depth too small" not in text and "interrupted" not in text
    return errors, complete, states, found.group(0) if found else ""


def check(name, work):
    if name in FAULTS:
        meaning, programs, definitions = FAULTS[name]
        errors, _, states, found = search(work, programs, definitions)
        print(f"fault '{name}' ({meaning}): {found or 'NOT FOUND'}, {states} states")
        return errors > 0
    if name in PARTS:
        model, definitions, fault = PARTS[name]
        errors, complete, states, found = explore(work, model, definitions)
        print(f"'{name}' ({fault or 'right'}): {errors} errors in {states} states {found}")
        return errors > 0 if fault else errors == 0 and complete
    programs, definitions = RIGHT.get(name) or FULL[name]
    errors, complete, states, found = search(work, programs, definitions, bitstate=name in FULL)
    print(f"'{name}': {errors} errors in {states} states{'' if complete else ', CUT SHORT'} {found}")
    return errors == 0 and complete


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    if options.list:
        print("\n".join([*RIGHT, *FAULTS, *PARTS]))
        return
    good = True
    for name in options.case or (FULL if options.full else [*RIGHT, *FAULTS, *PARTS]):
        with tempfile.TemporaryDirectory() as work:
            good = check(name, pathlib.Path(work)) and good
            sys.stdout.flush()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
