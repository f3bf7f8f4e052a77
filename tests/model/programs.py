#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Correct MPI programs of three ranks and two communicators, for quiesce.pml.

Each is the projection of one total order of events on the ranks, so that it cannot block, even if every collective
synchronises. Variations that keep it correct: sends are moved to earlier places (they are buffered), waits for
non-blocking collectives to later ones, and all receives of a rank may take messages from anybody.

A communicator's non-blocking collective is waited for before the next operation on it: the model keeps one.
"""
import argparse
import itertools
import random

SEND, RECEIVE, BARRIER, BCAST, REDUCE, FREE, IBARRIER, IBCAST, WAIT, GROUP, FILE = range(1, 12)
NAMES = "end send receive barrier bcast reduce free ibarrier ibcast wait group file".split()
ANY = 3
RANKS = range(3)
LONGEST = 7


def members(mask):
    return [r for r in RANKS if mask >> r & 1]


def alphabet(mask1, nonblocking):
    events = []
    for comm, ranks in ((0, list(RANKS)), (1, members(mask1))):
        events.append((BARRIER, comm, 0))
        for root in ranks:
            events += [(BCAST, comm, root), (REDUCE, comm, root)]
        if nonblocking:
            events += [(IBARRIER, comm, 0), (IBCAST, comm, ranks[0]), (IBCAST, comm, ranks[-1])]
    events += [("message", s, d) for s, d in itertools.permutations(RANKS, 2)]
    return events


def project(events, mask1, early=False):
    program = [[] for _ in RANKS]
    pending = [set() for _ in RANKS]
    late = [[] for _ in RANKS]  # broadcasts from elsewhere that a rank has not called yet

    def catch_up(rank):
        program[rank] += late[rank]
        late[rank] = []

    def wait(rank, comm):
        if comm in pending[rank]:
            pending[rank].remove(comm)
            program[rank].append((WAIT, comm, 0))

    for kind, a, b in events:
        if kind == "message":
            catch_up(a)
            program[a].append((SEND, 0, b))
            program[b].append((RECEIVE, 0, a))
            continue
        for rank in members(7 if a == 0 else mask1):
            if early and kind == BCAST and rank != b:
                late[rank].append((kind, a, b))
                continue
            catch_up(rank)
            wait(rank, a)
            program[rank].append((kind, a, b))
            if kind in (IBARRIER, IBCAST):
                pending[rank].add(a)
    for rank in RANKS:
        catch_up(rank)
        for comm in sorted(pending[rank]):
            wait(rank, comm)
    return program


def vary(program, source):
    for rank, ops in enumerate(program):
        if source.random() < 0.3:
            ops[:] = [(RECEIVE, 0, ANY) if o[0] == RECEIVE else o for o in ops]
        for i in range(1, len(ops)):
            if ops[i][0] == SEND and ops[i - 1][0] != SEND and source.random() < 0.5:
                ops[i - 1], ops[i] = ops[i], ops[i - 1]
        for i in range(len(ops) - 1):  # a wait may come after anything that is not of its communicator
            if ops[i][0] == WAIT and (ops[i + 1][1] != ops[i][1] or ops[i + 1][0] in (SEND,)) and source.random() < 0.5:
                if ops[i + 1][0] in (SEND,):
                    ops[i], ops[i + 1] = ops[i + 1], ops[i]
    return program


def share(program, others):
    """The second threads have collectives on the second communicator, and every other message of their rank."""
    for rank, ops in enumerate(others):
        received = [o for o in program[rank] if o[0] == RECEIVE]
        for o in received[1::2]:
            program[rank].reverse()
            program[rank].remove(o)
            program[rank].reverse()
            ops.append((RECEIVE, 0, ANY))
        if len(received) > 1:  # whoever takes one, the other finds one
            program[rank][:] = [(RECEIVE, 0, ANY) if o[0] == RECEIVE else o for o in program[rank]]
    return others


def make(options):
    source = random.Random(options.seed)
    letters = alphabet(options.members1, options.kind == "nonblocking")
    found = []
    for _ in range(200 * options.count):
        if len(found) == options.count:
            break
        events = [source.choice(letters) for _ in range(options.events)]
        if options.kind == "create":
            events.insert(0, (BCAST, 0, members(options.members1)[0]))
        if options.kind == "early":  # right only because a broadcast need not synchronise
            root = source.choice(RANKS)
            events += [(BCAST, 0, root), ("message", root, (root + 1) % 3)]
        if options.kind == "receives":  # with two threads in rank 0, each of which takes what comes
            events = [("message", source.choice((1, 2)), 0) for _ in range(2)]
        if options.kind == "free":
            events.append((FREE, 1, 0))
        if options.kind in ("group", "file"):
            call = GROUP if options.kind == "group" else FILE
            events.insert(source.randrange(len(events) + 1), (call, 1, 0))
        program = vary(project(events, options.members1, options.kind == "early"), source)
        if options.threads:
            extra = [source.choice([l for l in letters if l[0] != "message" and l[1] == 1]) for _ in range(options.extra)]
            more = project(extra, options.members1)
            program = [[o for o in ops if o[1] == 0] for ops in program]
            program += share(program, more[:options.threads])
        if max(map(len, program)) <= LONGEST and program not in found:
            found.append(program)
    return found


def describe(op):
    kind, comm, whom = op
    if kind in (SEND, RECEIVE):
        return f"{NAMES[kind]}({'any' if whom == ANY else whom})"
    return f"{NAMES[kind]}({'AB'[comm]}{', root %d' % whom if kind in (BCAST, REDUCE, IBCAST) else ''})"


def header(found):
    rows = []
    for program in found:
        codes = [",".join(str(k * 16 + c * 4 + w) for k, c, w in ops + [(0, 0, 0)]) for ops in program]
        rows.append("  {" + ",".join("{" + c + "}" for c in codes) + "},")
    threads = len(found[0])
    return (f"static const unsigned char PROGRAMS[{len(found)}][{threads}][{LONGEST + 1}] = {{\n" + "\n".join(rows)
            + "\n};\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--events", type=int, default=3)
    parser.add_argument("--members1", type=int, default=6)
    parser.add_argument("--threads", type=int, default=0, help="second threads, of ranks 0 and 1")
    parser.add_argument("--extra", type=int, default=2, help="collectives of the second threads")
    parser.add_argument("--kind", choices=("plain", "nonblocking", "create", "free", "early", "group", "file", "receives"),
                        default="plain")
    parser.add_argument("--output", default="programs.h")
    options = parser.parse_args()
    found = make(options)
    with open(options.output, "w", encoding="ascii") as file:
        file.write(header(found))
    for program in found:
        print(" | ".join(" ".join(map(describe, ops)) for ops in program))


if __name__ == "__main__":
    main()
