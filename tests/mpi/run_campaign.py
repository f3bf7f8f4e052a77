#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random programs under checkpoints: many seeds, each checkpointed at a random moment, killed, restarted, verified.

Seeds run in batches inside one job, so that starting costs little; every seed of a batch is hit by a checkpoint, and
the job goes on, or is killed at once or some steps later and restarted from it (--killed: what share of them). The
programs verify every byte themselves. With --nodes 2 they run on two nodes, which exchange their ranks at every second
restart, and windows are between nodes.
    run_campaign.py --build DIR --count 100          what ./check runs
    run_campaign.py --build DIR --count 5000         on demand (hours)
"""
import os
import random
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.cases import FAMILIES, Case, again, kinds_named, run_cases, without_what_cannot_be_saved  # noqa: E402
from harness.driver import arguments_of  # noqa: E402
from harness.job import TRANSPORTS, Runner  # noqa: E402
from harness.nodes import Nodes  # noqa: E402
from harness.site import Failure, Site, slow_factor  # noqa: E402

STEPS = 60


class Batch:
    """One job that runs the seeds first..last."""

    def __init__(self, site, first, last, options, nodes=None):
        self.site, self.first, self.last, self.options, self.nodes = site, first, last, options, nodes
        self.random = random.Random(f"{options.seed} {first}")
        # All are drawn, whatever is given: the command that repeats a batch gives some.
        transport = self.random.choice(("vader", "vader", "vader", "tcp", "tcp", "ofi"))
        if nodes and transport == "vader":
            transport = "mixed"
        self.transport = options.transport or transport
        np = self.random.choice((2, 3, 4) if self.transport == "ofi" else (2, 3, 4, 4, 7))
        self.np = options.np or np
        self.io = options.io
        self.files_saved = self.random.random() < 0.5
        threads = self.random.random() < 0.4
        self.threads = options.threads or (threads and not nodes)  # windows between nodes are not saved then
        self.checkpoints = self.restarts = self.refusals = 0
        self.name = f"seeds {first}:{last} np {self.np} {self.transport} {self.io}" + (" threads" if self.threads else "")
        self.name += " on two nodes" if nodes else ""

    def program(self, scratch):
        argv = [self.site.program("random_program"), "--seed", f"{self.first}:{self.last}", "--steps", str(STEPS),
                "--slow", str(self.options.slow), "--directory", scratch.path("files")]
        if self.files_saved:
            argv.append("--files-vanish")
        if self.threads:
            argv.append("--threads")
        kinds = kinds_named(self.options.kinds)
        if kinds:
            argv += ["--kinds", ",".join(kinds)]
        return argv + without_what_cannot_be_saved(self.transport == "ofi", self.site.native,
                                                   romio=self.io == "romio321")

    def repeat(self, seed):
        more = " --threads" if self.threads else ""
        if self.options.kinds:
            more += f" --kinds {self.options.kinds}"
        if self.nodes:
            more += " --nodes 2"
        return again(f"--build {self.site.build} --first {self.first} --count {self.last - self.first + 1} "
                     f"--batch {self.last - self.first + 1} --np {self.np} --transport {self.transport} "
                     f"--io {self.io} --seed {seed} --killed {self.options.killed}{more}")

    def run(self, scratch):
        runner = Runner(self.site, scratch, self.nodes)
        os.mkdir(scratch.path("files"))
        io = ["--mca", "io", self.io]
        saved = ["--cr-save-files", "1"] if self.files_saved else []
        job = runner.start(self.np, self.program(scratch), self.transport, cr_options=saved, mpirun_options=io)
        done, line = self.first - 1, -1
        while done < self.last and not self.site.native:
            # A moment in the seed that runs now: a line of it, and a little time that waits for nothing.
            for _ in range(self.random.randint(1, STEPS // 3)):
                line, _ = job.wait_line(r"^STEP \d+/|^PASS", 60, 1, line + 1)
                if job.lines[line].startswith("PASS"):
                    break
            time.sleep(self.random.random() * 0.1)
            if any(text.startswith("PASS") for text in job.lines):
                break
            snapshot = self.checkpoint(runner, job)
            if snapshot is None:
                break
            self.checkpoints += 1
            if self.random.random() >= self.options.killed:
                line, match = job.wait_line(r"^SEED (\d+) PASS", 60, 1, line + 1)
                done = int(match[1])
                continue
            self.restarts += 1
            if self.random.random() < 0.5 and not any(text.startswith("PASS") for text in job.lines):
                job.wait_line(r"^STEP \d+/|^PASS", 60, 1, max(0, len(job.lines) - 1))
            job.kill()
            self.remove_others(scratch, snapshot)
            if self.nodes and self.restarts % 2 == 0:
                runner.nodes = runner.nodes.swapped()
            at_the_end = any(re.match(rf"PASS|SEED {self.last} PASS", text) for text in job.lines)
            job = runner.restart(snapshot, self.transport, mpirun_options=io + saved)
            try:
                line, match = job.wait_line(r"^SEED (\d+) PASS", 60)
            except Failure:
                # Taken after the program's last word: what is left of it says nothing, and ends well.
                if at_the_end and job.ended() and job.wait() == 0:
                    return self.outcome()
                raise
            done = int(match[1])
        job.expect_pass()
        return self.outcome()

    def outcome(self):
        return f"{self.checkpoints} checkpoints, {self.restarts} restarts, {self.refusals} times refused for a while"

    @staticmethod
    def remove_others(scratch, snapshot):
        for name in os.listdir(scratch.path("snapshots")):
            if name != os.path.basename(snapshot):
                shutil.rmtree(scratch.path("snapshots", name))

    def checkpoint(self, runner, job):
        """A snapshot; None if the job ended well before it could be asked."""
        deadline = time.monotonic() + 20 * slow_factor()
        status, lines = runner.try_checkpoint(job)
        while status == 3 and not job.ended() and time.monotonic() < deadline:
            self.refusals += 1  # a temporary failure is taken at its word
            status, lines = runner.try_checkpoint(job)
        if status == 0:
            return runner.snapshot_of(lines)
        if any(text.startswith("PASS") for text in job.lines):
            return None
        job.lines += lines
        job.fail(f"ompi-checkpoint: status {status}")


def parse_arguments():
    parser = arguments_of(__doc__)
    parser.add_argument("--native", action="store_true", help="Open MPI's mpirun, no checkpoints")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--batch", type=int, default=10, help="seeds in one job")
    parser.add_argument("--np", type=int, help="the batch's own choice if not given")
    parser.add_argument("--transport", choices=tuple(TRANSPORTS))
    parser.add_argument("--nodes", type=int, choices=(1, 2), default=1, help="network namespaces with a switch between them")
    parser.add_argument("--io", choices=("ompio", "romio321"), default="romio321", help="how files are read and written")
    parser.add_argument("--threads", action="store_true", help="all with MPI_THREAD_MULTIPLE and several threads")
    parser.add_argument("--kinds", default="", help="kinds of steps (random_program --help), or families of them: "
                        + ", ".join(FAMILIES))
    parser.add_argument("--slow", type=float, default=4)
    parser.add_argument("--seed", default="1", help="of the moments, not of the programs")
    parser.add_argument("--killed", type=float, default=0.8, help="the share of checkpoints after which the job is killed")
    return parser.parse_args()


def main():
    a = parse_arguments()
    site = Site(a.build, a.native)
    if a.nodes == 1:
        return run(a, site, None)
    nodes = Nodes(a.nodes)
    try:
        return run(a, site, nodes)
    finally:
        nodes.close()


def run(a, site, nodes):
    cases = []
    for first in range(a.first, a.first + a.count, a.batch):
        batch = Batch(site, first, min(first + a.batch, a.first + a.count) - 1, a, nodes)
        if a.case and a.case not in batch.name:
            continue
        cases.append(Case(batch.name, batch.run, batch.repeat(a.seed)))
    return run_cases(cases, a.jobs, a.json, limit=a.limit)


if __name__ == "__main__":
    sys.exit(main())
