#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Jobs that are unusual, and checkpoints at unusual moments. --long makes the waits and counts those of real life."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.cases import without_what_cannot_be_saved  # noqa: E402
from harness.driver import arguments_of, run_methods  # noqa: E402
from harness.site import Failure, slow_factor  # noqa: E402

TEMPORARY, ENVIRONMENT, PERMANENT = 3, 4, 5
LAST_STEP = 150  # of the programs that count their steps


class Special:
    """Every test_* method is a case. r: a Runner; self.long: not the short version."""

    def __init__(self, site, long):
        self.site, self.long = site, long

    def program(self, name, *arguments):
        return [self.site.program(name), *map(str, arguments)]

    def rank_descriptors(self, r):
        """Open descriptors of all processes of the case."""
        count = 0
        for pid in r.scratch.processes():
            try:
                count += len(os.listdir(f"/proc/{pid}/fd"))
            except OSError:
                pass
        return count

    def test_back_to_back(self, r):
        """Many checkpoints without a pause: none may fail, nothing may pile up, the job goes on."""
        count = 100 if self.long else 20
        job = r.start(4, self.program("heat2d", "--size", 96, "--steps", 100000, "--seconds", 3000,
                                          "--report", 10), "vader",
                      cr_options=["--cr-keep", "2"])
        job.wait_line(r"^step 1/")
        r.checkpoint(job)
        before = self.rank_descriptors(r)
        for _ in range(count):
            snapshot = r.checkpoint(job)
        after = self.rank_descriptors(r)
        if after > before + 8:
            job.fail(f"{before} open descriptors after the first checkpoint, {after} after {count} more")
        # The job has to make progress afterwards: the restarted one is made to end by its own verification.
        job.kill()
        r.restart(snapshot).wait_line(r"^step \d+/", 120)
        r.scratch.kill_all()

    def test_back_to_back_then_verified(self, r):
        job = r.start(4, self.program("random_program", "--seed", "1:3", "--steps", 60, "--slow", 8,
                                      *without_what_cannot_be_saved(False)), "vader")
        job.wait_line(r"^STEP 2/")
        snapshot, taken, before = None, 0, []  # before: numbers of those that were taken before the program's last word
        while not any(text.startswith("PASS") for text in job.lines):
            status, lines = r.try_checkpoint(job)
            if status == 0:
                taken += 1
                snapshot = r.snapshot_of(lines)
                if not any(text.startswith("PASS") for text in job.lines):
                    before += [m[1] for m in (re.match(r"Snapshot Ref\.: +(\d+) ", line) for line in lines) if m]
            elif not any(text.startswith("PASS") for text in job.lines) and not job.ended():
                job.lines += lines
                job.fail(f"ompi-checkpoint: status {status}")
        job.expect_pass()
        if taken < 3:
            job.fail(f"only {taken} checkpoints were taken")
        # Not the last of them: the word may have been on its way.
        r.restart(snapshot, options=["-s", before[-2]]).expect_pass()

    def refused_or_taken(self, r, job, seconds=30):
        """Asks until a checkpoint succeeds. Until then each answer must be a temporary failure that says why."""
        deadline = time.monotonic() + seconds * slow_factor()
        while time.monotonic() < deadline:
            status, lines = r.try_checkpoint(job, seconds=seconds)
            if status == 0:
                return r.snapshot_of(lines)
            # Before mpirun serves requests and after its job has ended, it is not known as a job with checkpoints.
            unknown = (status == 2 and any("is no mpirun that was started" in text for text in lines)) or (
                status == ENVIRONMENT and any("there is no process" in text for text in lines))
            if not unknown and (status != TEMPORARY or not any(len(text) > 20 for text in lines)):
                job.lines += lines
                job.fail(f"ompi-checkpoint: status {status}, expected a temporary failure that says why")
            if job.ended():
                return None
            time.sleep(0.02)  # asks again, not too often
        return job.fail(f"no checkpoint succeeded within {seconds} s")

    def test_during_start(self, r):
        """Asked for from the first moment on."""
        job = r.start(4, self.program("heat2d", "--steps", 400, "--seconds", 4), "vader")
        snapshot = self.refused_or_taken(r, job)
        job.expect_pass()
        r.restart(snapshot).expect_pass()

    def test_before_one_ranks_init(self, r):
        """One rank has not called MPI_Init yet; the others wait in theirs."""
        job = r.start(3, self.program("straggler", "init", 1, 4), "vader")
        job.wait_line("late in init")
        snapshot = self.refused_or_taken(r, job)
        job.expect_pass()
        if snapshot:
            r.restart(snapshot).expect_pass()

    def test_during_finalize(self, r):
        """All ranks but one are in MPI_Finalize."""
        job = r.start(3, self.program("straggler", "finalize", 1, 3), "vader")
        job.wait_line("late in finalize")
        snapshot = self.refused_or_taken(r, job)
        job.expect_pass()
        if snapshot:  # the program said PASS before: what is left of it is to end well
            r.restart(snapshot).expect_status(0)

    def test_after_finalize(self, r):
        """One rank still runs after its MPI_Finalize."""
        job = r.start(3, self.program("straggler", "exit", 1, 3), "vader")
        job.wait_line("late in exit")
        status, lines = r.try_checkpoint(job)
        if status != PERMANENT or not any("have called MPI_Finalize" in text for text in lines):
            job.lines += lines
            job.fail(f"ompi-checkpoint: status {status}, expected a refusal for good")
        job.expect_pass()

    def straggler(self, r, where):
        seconds = 60 if self.long else 8
        job = r.start(3, self.program("straggler", where, 1, seconds), "vader")
        job.wait_line(f"late in {where}")
        # Too impatient: a failure that names the rank, and an unharmed job. A rank may also be checkpointed at once,
        # if the protocol need not wait for it.
        status, lines = r.try_checkpoint(job, "--timeout", "2", seconds=30)
        if status != 0 and (status != TEMPORARY or "rank 1" not in "\n".join(lines)):
            job.lines += lines
            job.fail(f"status {status}; the failure does not name rank 1")
        begun = time.monotonic()
        status, lines = r.try_checkpoint(job, "-s", seconds=seconds + 60)  # a checkpoint with lines of progress
        waited = time.monotonic() - begun > 4
        if status != 0 or (waited and "rank 1:" not in "\n".join(lines)):
            job.lines += lines
            job.fail(f"ompi-checkpoint -s: status {status}")
        snapshot = r.checkpoint(job, seconds=seconds + 60, patience=seconds)
        job.expect_pass(seconds + 60)
        r.restart(snapshot).expect_pass(seconds + 60)

    def test_straggler_computes(self, r):
        self.straggler(r, "compute")

    def test_straggler_does_io(self, r):
        self.straggler(r, "io")

    def test_straggler_sleeps(self, r):
        self.straggler(r, "sleep")

    def test_straggler_is_awaited_in_receive(self, r):
        self.straggler(r, "receive")

    def test_interval_timer(self, r):
        job = r.start(4, self.program("ticker", 4), "vader")
        self.killed_and_restarted(r, job, 2, 5, 9).expect_pass()

    def killed_and_restarted(self, r, job, *steps):
        """In each of the steps, or soon after: a restarted job may begin behind it. Gives the last of the jobs."""
        for step in steps:
            later = "|".join(map(str, range(step, LAST_STEP + 1)))
            job.wait_line(rf"^step ({later})/", 60)
            snapshot = r.checkpoint(job)
            job.kill()
            job = r.restart(snapshot)
        return job

    def test_late_member_of_a_group(self, r):
        self.never_refused(r, "latecomer")

    def test_collective_that_others_need_to_come(self, r):
        self.never_refused(r, "interleaved")

    def test_communicators_in_the_making(self, r):
        self.never_refused(r, "comm_copies")

    def test_synchronous_sends_wait(self, r):
        self.never_refused(r, "synchronous", 2)

    def test_rank_that_has_nothing_left_to_do(self, r):
        """Rank 2 waits in MPI_Finalize from the beginning."""
        self.never_refused(r, "synchronous")

    def never_refused(self, r, program, ranks=3):
        """Not even for a moment is a checkpoint refused."""
        job = r.start(ranks, self.program(program, LAST_STEP), "vader")
        for line in (5, 20, 30, 40):
            job.wait_line(rf"^step {line}/", 60)
            r.checkpoint(job)
        self.killed_and_restarted(r, job, 50, 70, 100).expect_pass()

    def restart_once(self, r, np, argv, progress=r"^step [3-9]/", **more):
        job = r.start(np, argv, "vader", **more)
        job.wait_line(progress)
        snapshot = r.checkpoint(job)
        job.kill()
        job = r.restart(snapshot)
        job.expect_pass()
        return job

    def test_bash_wrapper(self, r):
        """mpirun starts a script that starts the program. A restart brings the MPI process back, not the script."""
        with open(r.scratch.path("wrapper.sh"), "w", encoding="utf-8") as f:
            f.write("#!/bin/bash\nset -e\nexport FROM_WRAPPER=1\n\"$@\"\n")
        self.restart_once(r, 2, ["bash", r.scratch.path("wrapper.sh")] +
                          self.program("heat2d", "--steps", 400, "--seconds", 4, "--report", 1), r"^step \d\d/")

    def test_exec_wrapper(self, r):
        self.restart_once(r, 2, ["sh", "-c", "exec \"$0\" \"$@\""] +
                          self.program("heat2d", "--steps", 400, "--seconds", 4, "--report", 1), r"^step \d\d/")

    def test_python_subprocess(self, r):
        """Every rank's MPI program is a child of a Python process."""
        text = "import subprocess,sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
        self.restart_once(r, 2, ["python3", "-c", text] +
                          self.program("heat2d", "--steps", 400, "--seconds", 4, "--report", 1), r"^step \d\d/")

    def test_several_programs(self, r):
        """MPMD: two application contexts, one of them through a wrapper."""
        one = self.program("ring", "--seconds", 4)
        job = r.start(2, one + [":", "-np", "2", "sh", "-c", "exec \"$0\" \"$@\""] + one, "vader")
        job.wait_line(r"^step 300/")
        snapshot = r.checkpoint(job)
        job.kill()
        r.restart(snapshot).expect_pass()

    def same_as_native(self, r, np, argv):
        """Output (lines sorted) and exit status with --with-cr are those without."""
        seen = []
        for cr in (False, True):
            job = r.start(np, argv, cr=cr)
            status = job.wait(60)
            own = [text for text in job.lines if text.startswith("out ") or status == 0]
            seen.append((status, sorted(own)))
        if seen[0] != seen[1]:
            raise Failure(f"without: {seen[0]}\n  with: {seen[1]}")

    def test_hostname(self, r):
        self.same_as_native(r, 2, ["hostname"])

    def test_shell_commands(self, r):
        self.same_as_native(r, 2, ["sh", "-c", "echo out $OMPI_COMM_WORLD_RANK $(seq 1 100 | wc -l) $(pwd)"])

    def test_exit_status(self, r):
        self.same_as_native(r, 2, ["sh", "-c", "echo out; exit 7"])

    def test_killed_rank(self, r):
        self.same_as_native(r, 2, ["sh", "-c", "echo out; kill -9 $$"])

    def test_missing_program(self, r):
        job = r.start(2, ["/nonexistent/program"])
        if job.wait(60) == 0:
            job.fail("a program that is not there ran")

    def test_no_mpi_program(self, r):
        """A job of programs that never call MPI: the checkpoint fails or works, the job is unharmed."""
        job = r.start(2, ["sh", "-c", "echo ready; i=0; while [ $i -lt 40 ]; do sleep 0.1; i=$((i+1)); done; echo PASS"])
        job.wait_line("^ready", count=2)
        status, lines = r.try_checkpoint(job, "--timeout", "3")
        if status != 0 and not any(len(text) > 20 for text in lines):
            job.fail(f"ompi-checkpoint: status {status} without a reason")
        job.expect_pass()

    def test_without_with_cr(self, r):
        """A plain mpirun: ompi-checkpoint says that the job cannot be checkpointed."""
        job = r.start(2, self.program("ring", "--seconds", 3), "vader", cr=False)
        job.wait_line(r"^step")
        status, lines = r.try_checkpoint(job, seconds=30)
        if status == 0 or not any(len(text) > 20 for text in lines):
            job.fail(f"ompi-checkpoint of a plain job: status {status}, {lines}")
        job.expect_pass()


def main():
    parser = arguments_of(__doc__)
    parser.add_argument("--long", action="store_true", help="with waits as long as a user's")
    arguments = parser.parse_args()
    return run_methods(arguments, lambda site: [Special(site, arguments.long)], " --long" if arguments.long else "")


if __name__ == "__main__":
    sys.exit(main())
