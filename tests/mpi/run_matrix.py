#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints and restarts of programs, by number of ranks, action, transport and number of nodes.

A case is program/npN/action/transport/nodes. Every program verifies itself; every wait has a deadline, and what hangs
is a failure with the stacks of all processes. The moments of the checkpoints come from --seed.
"""
import itertools
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.cases import Case, again, run_cases, without_what_cannot_be_saved  # noqa: E402
from harness.driver import arguments_of  # noqa: E402
from harness.job import Runner  # noqa: E402
from harness.nodes import Nodes  # noqa: E402
from harness.site import Site, Skip  # noqa: E402

# name -> (arguments for about `seconds` of work, a pattern of its lines of progress, lines a run has at least)
PROGRAMS = {
    "heat2d": (lambda seconds, ofi: ["--size", "96", "--steps", "400", "--seconds", str(seconds)], r"^step \d+/", 18),
    "ring": (lambda seconds, ofi: ["--seconds", str(seconds)], r"^step \d+/", 18),
    "montecarlo": (lambda seconds, ofi: ["--seconds", str(seconds)], r"^step \d+/", 18),
    "heat_f": (lambda seconds, ofi: ["--seconds", str(seconds)], r"^step \d+/", 18),
    "random_program": (lambda seconds, ofi: ["--seed", "1:12", "--steps", "50", "--slow", str(3 * seconds)]
                       + without_what_cannot_be_saved(ofi), r"^STEP \d+/", 280),
}
RANKS = (1, 2, 4, 7)
TRANSPORTS = ("vader", "tcp", "ofi")
OTHER_TRANSPORT = {"vader": "tcp", "tcp": "ofi", "ofi": "vader"}
WORK_SECONDS = 4


class Load:
    """Two busy processes and one that writes, while a case runs."""

    def __init__(self, scratch):
        busy = "import os\nwhile True:\n sum(range(10**6))"
        write = f"while True:\n open({scratch.path('load')!r},'wb').write(bytes(1<<24))"
        self.processes = [subprocess.Popen([sys.executable, "-c", text]) for text in (busy, busy, write)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.processes:
            p.kill()
            p.wait()


class MatrixCase:
    def __init__(self, site, key, seed, nodes):
        self.site, self.key, self.nodes = site, key, nodes
        self.program, self.np, self.action, self.transport, self.node_count = key
        self.name = f"{self.program}/np{self.np}/{self.action}/{self.transport}/{self.node_count}node"
        self.random = random.Random(f"{seed} {self.name}")
        self.seen = 0  # lines of the present job before the next moment

    def run(self, scratch):
        nodes = self.nodes() if self.node_count > 1 else None
        runner = Runner(self.site, scratch, nodes)
        arguments, self.progress, self.least = PROGRAMS[self.program]
        uses_ofi = self.transport == "ofi" or (self.action == "cross" and OTHER_TRANSPORT[self.transport] == "ofi")
        argv = [self.site.program(self.program)] + arguments(WORK_SECONDS, uses_ofi)
        if self.action == "load":
            with Load(scratch):
                self.act(runner, argv, nodes)
        else:
            self.act(runner, argv, nodes)

    def moment(self, job, moments):
        """Waits for a random next line of progress, then for a random time; `moments` such waits fit into a run."""
        job.wait_line(self.progress, 60, self.random.randint(1, self.least // (2 * moments + 1)), self.seen)
        self.seen = len(job.lines)
        time.sleep(self.random.random() * 0.2)  # chooses the moment, waits for nothing

    def patience(self):
        """Random programs have non-blocking collectives in flight, for which a checkpoint may be refused."""
        return 20 if self.program == "random_program" else 0

    def act(self, runner, argv, nodes):
        job = runner.start(self.np, argv, self.transport)
        if self.action == "plain":
            job.expect_pass()
            return
        if self.action == "continue":
            times = 7 if self.np <= 4 or self.program != "random_program" else 3  # many ranks take long to be level
            for _ in range(times):
                self.moment(job, times)
                snapshot = runner.checkpoint(job, patience=self.patience())
            job.expect_pass()
            runner.verify(snapshot)
            return
        depth = 5 if self.action == "deep" else 1
        for _ in range(depth):
            self.moment(job, depth)
            if self.action == "term":
                snapshot = runner.checkpoint(job, "--term", patience=self.patience())
                job.expect_status(85, 30)
            else:
                snapshot = runner.checkpoint(job, patience=self.patience())
                job.kill()
            if self.action == "swap":
                runner.nodes = nodes.swapped()
            transport = OTHER_TRANSPORT[self.transport] if self.action == "cross" else self.transport
            job = runner.restart(snapshot, transport)
            self.seen = 0
        job.expect_pass()


def all_keys(native):
    actions = ("plain",) if native else ("plain", "continue", "restart", "deep", "load", "term", "cross")
    for key in itertools.product(PROGRAMS, RANKS, actions, TRANSPORTS, (1,)):
        yield key
    for program, np, transport in itertools.product(PROGRAMS, (2, 4, 7), ("tcp", "mixed", "ofi")):
        for action in ("plain",) if native else ("continue", "restart", "deep", "swap"):
            yield (program, np, action, transport, 2)


# A few minutes for ./check: every program, number of ranks, action and transport at least once.
SAMPLE = [
    ("heat2d", 4, "restart", "vader", 1), ("heat2d", 2, "continue", "tcp", 1), ("heat2d", 4, "deep", "vader", 1),
    ("heat2d", 2, "swap", "tcp", 2), ("ring", 7, "restart", "tcp", 1), ("ring", 2, "restart", "ofi", 1),
    ("ring", 4, "cross", "vader", 1), ("ring", 7, "continue", "ofi", 1), ("montecarlo", 1, "restart", "vader", 1),
    ("montecarlo", 4, "term", "vader", 1),
    ("heat_f", 4, "restart", "vader", 1), ("heat_f", 2, "plain", "ofi", 1), ("random_program", 4, "deep", "vader", 1),
    ("random_program", 4, "load", "tcp", 1), ("random_program", 2, "cross", "tcp", 1),
    ("random_program", 4, "restart", "ofi", 2), ("random_program", 4, "swap", "mixed", 2),
    ("random_program", 1, "continue", "vader", 1), ("random_program", 7, "restart", "vader", 1),
]


def parse_arguments():
    parser = arguments_of(__doc__)
    parser.add_argument("--native", action="store_true", help="Open MPI's mpirun, no checkpoints (tests the tests)")
    parser.add_argument("--full", action="store_true", help="all cases, not the sample")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--keep", action="store_true", help="keep the scratch directories of cases that pass")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def main():
    a = parse_arguments()
    site = Site(a.build, a.native)
    made = []

    def nodes():
        if not made:
            made.append(Nodes(2))
        return made[0]

    keys = list(all_keys(a.native)) if a.full or a.case else SAMPLE
    if a.native:
        keys = [(p, n, "plain", t, c) for p, n, _, t, c in keys]
    matrix = [MatrixCase(site, key, a.seed, nodes) for key in dict.fromkeys(keys)]
    options = f"--build {a.build} --seed {a.seed}" + (" --native" if a.native else "")
    cases = [Case(m.name, m.run, again(f"{options} --case {m.name}")) for m in matrix if not a.case or a.case in m.name]
    if a.list:
        print("\n".join(c.name for c in cases))
        return 0
    try:
        if any(m.node_count > 1 for m in matrix):
            try:
                nodes()
            except Skip:
                pass  # the cases say so themselves
        return run_cases(cases, a.jobs, a.json, a.keep, a.limit)
    finally:
        for n in made:
            n.close()


if __name__ == "__main__":
    sys.exit(main())
