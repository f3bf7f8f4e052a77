#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ranks with children: helpers over pipes, popen, copies that fork made. Saved in the cut of the job, killed, restarted
twice from the same snapshot; the ranks and their children compare all that they say to each other."""
import glob
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.driver import arguments_of, run_methods  # noqa: E402
from harness.nodes import Nodes  # noqa: E402
from harness.site import Failure, slow_factor  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPORARY = 3
STEPS = 500
PATIENCE = 30  # seconds: a child that has only begun to start is a reason to ask again


class Families:
    def __init__(self, site):
        self.site = site

    def program(self, kinds, *more):
        return [self.site.program("families"), str(STEPS), kinds, *more]

    def save_and_kill(self, r, argv, transport="vader", np=2):
        """The job goes on after each of two checkpoints. Gives the snapshot."""
        job = r.start(np, argv, transport)
        for step in (4, 12):
            job.wait_line(rf"^step {step}/", 60)
            snapshot = r.checkpoint(job, patience=PATIENCE)
        self.goes_on(job)
        r.verify(snapshot)
        self.kill(r, job)
        return snapshot

    def goes_on(self, job):
        start = len(job.lines)
        job.wait_line(r"^step \d+/", 60, count=2, start=start)

    def kill(self, r, job):
        """With all of the children, as where a node fails."""
        job.kill()
        r.scratch.kill_all()

    def twice(self, r, argv, transport="vader"):
        snapshot = self.save_and_kill(r, argv, transport)
        for _ in range(2):
            r.restart(snapshot, transport).expect_pass()
            self.nobody_left(r)
        return snapshot

    def nobody_left(self, r):
        deadline = time.monotonic() + 20 * slow_factor()
        while (left := r.scratch.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        if left:
            names = [open(f"/proc/{pid}/comm", encoding="utf-8").read().strip() for pid in left]
            raise Failure(f"processes are left: {dict(zip(left, names))}")

    def trees_of(self, snapshot):
        return sorted(glob.glob(os.path.join(snapshot, "*", "*.tree")))

    def test_helper_over_pipes(self, r):
        snapshot = self.twice(r, self.program("h"))
        trees = self.trees_of(snapshot)
        if len(trees) != 4:  # of two ranks in two sequences
            raise Failure(f"the snapshot has the trees {trees}")

    def test_popen(self, r):
        self.twice(r, self.program("rw"))

    def test_forked_copy(self, r):
        self.twice(r, self.program("c"))

    def test_ended_child(self, r):
        self.twice(r, self.program("hd"))

    def test_all_kinds_tcp(self, r):
        self.twice(r, self.program("hrwcd"), "tcp")

    def test_again_after_a_restart(self, r):
        """A restarted rank is saved with its restarted children."""
        snapshot = self.save_and_kill(r, self.program("hrwc"))
        job = r.restart(snapshot, "vader")
        self.goes_on(job)
        snapshot = r.checkpoint(job, patience=PATIENCE)
        self.kill(r, job)
        r.restart(snapshot, "vader").expect_pass()

    def test_term(self, r):
        """The children end with the job, and none goes on without it."""
        job = r.start(2, self.program("hrwc"), "vader")
        job.wait_line(r"^step 5/", 60)
        snapshot = r.checkpoint(job, "--term", patience=PATIENCE)
        job.wait(60)
        self.nobody_left(r)
        r.restart(snapshot, "vader").expect_pass()

    def test_refused_child(self, r):
        self.refused(r, "hs")

    def test_refused_child_of_one_rank(self, r):
        self.refused(r, "hS")

    def refused(self, r, kinds):
        """One that cannot be saved is named, the job goes on, and no half snapshot stays."""
        job = r.start(2, self.program(kinds, self.site.program("static_sleeper")), "vader")
        job.wait_line(r"^step 5/", 60)
        for _ in range(2):
            status, lines = r.try_checkpoint(job)
            if status == 0 or not any("linked statically" in line for line in lines):
                job.lines += lines
                job.fail(f"status {status}, and the child is not named")
            self.goes_on(job)
            if not any("rank 1" in line for line in lines):
                job.fail(f"rank 1 is not named: {lines}")
        left = glob.glob(r.scratch.path("snapshots", "*"))
        if left:
            job.fail(f"what was refused has left {left}")
        self.kill(r, job)

    def test_child_that_is_stopped(self, r):
        job = r.start(2, self.program("c"), "vader")
        job.wait_line(r"^step 5/", 60)
        child = self.children_of_ranks(r)[0]
        os.kill(child, 19)
        status, lines = r.try_checkpoint(job)
        os.kill(child, 18)
        if status != TEMPORARY or not any("stopped by a signal" in line for line in lines):
            job.lines += lines
            job.fail(f"status {status}, and not why")
        self.goes_on(job)
        self.kill(r, job)

    def children_of_ranks(self, r):
        """Those whose parent is of the same program."""
        def parent(pid):
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                return int(f.read().rpartition(")")[2].split()[1])
        named = [pid for pid in r.scratch.processes()
                 if open(f"/proc/{pid}/comm", encoding="utf-8").read().strip() == "families"]
        return [pid for pid in named if parent(pid) in named]

    def test_new_numbers(self, r):
        """The numbers that children had are taken: refused, but for programs that do not care."""
        snapshot = self.save_and_kill(r, self.program("c"))
        job = r.restart(snapshot, "vader")
        self.goes_on(job)  # it has the numbers
        other = r.restart(snapshot, "vader")
        other.expect_status(4)
        if not any("its number cannot be had" in line for line in other.lines):
            other.fail("it does not say why")
        other = r.restart(snapshot, "vader", options=["--no-restore-pid"])
        self.goes_on(other)
        self.kill(r, other)

    def test_on_other_nodes(self, r):
        nodes = Nodes(2)
        try:
            r.nodes = nodes
            snapshot = self.save_and_kill(r, self.program("hrwc"), "tcp")
            r.nodes = nodes.swapped()
            r.restart(snapshot, "tcp").expect_pass()
        finally:
            nodes.close()

    def test_mpi4py_workers(self, r):
        program = os.path.join(HERE, "programs", "workers_mpi4py.py")
        self.twice(r, ["/usr/bin/python3", program, "250"])


def main():
    return run_methods(arguments_of(__doc__).parse_args(), lambda site: [Families(site)])


if __name__ == "__main__":
    sys.exit(main())
