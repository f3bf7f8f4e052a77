#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests leave nothing behind in mpirun and in the ranks.

Each case is a job whose ranks do next to nothing, to which requests of one kind are made again and again; the memory of all
its processes is looked at before and after. --long makes as many requests as a job may see in weeks.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.driver import arguments_of, run_methods  # noqa: E402
from harness.site import slow_factor  # noqa: E402

WARM = 20  # requests before the first look: what is made once, and the allocators' reserves
OK, TEMPORARY = 0, 3


def memory_of(pid):
    """Resident kB, writable private kB and the name of a process; None if it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as f:
            fields = dict(line.split(":", 1) for line in f if ":" in line)
        return int(fields["VmRSS"].split()[0]), int(fields["VmData"].split()[0]), fields["Name"].strip()
    except (OSError, KeyError):
        return None


class Growth:
    """Every test_* method is a case. r: a Runner."""

    def __init__(self, site, long):
        self.site, self.long = site, long

    def start(self, r):
        job = r.start(2, [self.site.program("idle"), r.scratch.path("until")], "vader", cr_options=["--cr-keep", "2"])
        deadline = time.monotonic() + 60 * slow_factor()
        while not any('"state":"running"' in line for line in r.try_checkpoint(job, "-s", "--json")[1]):
            if time.monotonic() > deadline:
                job.fail("does not begin to run", True)
            time.sleep(0.05)
        return job

    def memory(self, r):
        """Of the job's processes that last."""
        found = {pid: memory_of(pid) for pid in r.scratch.processes()}
        return {pid: memory for pid, memory in found.items() if memory is not None}

    def compare(self, job, before, after, count):
        """What has grown, as text. 7 kB a request are to be seen in mpirun, and a thread's stack a request in a rank,
        whose resident size goes up and down by a megabyte with what its allocator keeps."""
        lines, bad = [], False
        for pid, (resident, data, name) in sorted(before.items()):
            if pid not in after:
                job.fail(f"{name} (process {pid}) is gone")
            grown, grown_data = after[pid][0] - resident, after[pid][1] - data
            allowed = 2048 if name == "idle" else min(1024, 128 + 2 * count)
            bad = bad or grown > allowed or grown_data > 16384
            lines.append(f"{name} {pid}: resident {resident} {grown:+} kB, private {data} {grown_data:+} kB")
        if bad:
            job.lines += lines
            job.fail(f"the job grows with requests ({count} of them)")
        return "; ".join(lines)

    def repeat(self, r, ask, short, long=300, job=None, settle=None):
        """`ask` makes a request: WARM times, then as often as is said. `settle`: before each look."""
        job = job or self.start(r)
        count = long if self.long else short
        for _ in range(WARM):
            ask(job)
        if settle:
            settle(job)
        before = self.memory(r)
        for _ in range(count):
            ask(job)
        if settle:
            settle(job)
        remark = self.compare(job, before, self.memory(r), count)
        with open(r.scratch.path("until"), "w", encoding="utf-8"):
            pass
        job.expect_pass()
        return remark

    def asking(self, r, status, *options):
        def ask(job):
            got, lines = r.try_checkpoint(job, *options)
            if got != status:
                job.lines += lines
                job.fail(f"ompi-checkpoint {' '.join(options)}: status {got}, expected {status}")
        return ask

    def refusing(self, r):
        """A job whose rank 1 has a socket."""
        with open(r.scratch.path("until.socket"), "w", encoding="utf-8"):
            pass
        job = self.start(r)
        deadline = time.monotonic() + 60 * slow_factor()
        while r.try_checkpoint(job)[0] != TEMPORARY:
            if time.monotonic() > deadline:
                job.fail("is not refused in time")
        return job

    def test_checkpoint(self, r):
        return self.repeat(r, self.asking(r, OK), 30, 200)

    def test_status(self, r):
        return self.repeat(r, self.asking(r, OK, "--status"), 100)

    def test_list(self, r):
        return self.repeat(r, self.asking(r, OK, "--list"), 100)

    def test_wait(self, r):
        return self.repeat(r, self.asking(r, OK, "--wait", "30"), 30)

    def test_nowait(self, r):
        """Most meet one that runs, and are refused: both are requests."""
        return self.repeat(r, lambda job: r.try_checkpoint(job, "--nowait"), 100,
                           settle=self.asking(r, OK, "--wait", "30"))

    def test_refused(self, r):
        return self.repeat(r, self.asking(r, TEMPORARY), 30, job=self.refusing(r))

    def test_term_refused(self, r):
        return self.repeat(r, self.asking(r, TEMPORARY, "--term"), 30, job=self.refusing(r))

    def test_rank_by_cr_checkpoint(self, r):
        """Refused: a rank is not checkpointed by itself."""
        job = self.start(r)
        rank = next(pid for pid, memory in self.memory(r).items() if memory[2] == "idle")

        def ask(job):
            status, lines = job.command([self.site.command("cr_checkpoint"), str(rank)])
            if status != TEMPORARY or not any("use ompi-checkpoint" in line for line in lines):
                job.lines += lines
                job.fail(f"cr_checkpoint of a rank: status {status}")
        return self.repeat(r, ask, 60, job=job)

    def test_rank_by_libcr(self, r):
        """The same, asked by the rank itself."""
        count = 300 if self.long else 100
        job = self.start(r)
        before = self.memory(r)
        with open(r.scratch.path("until.new"), "w", encoding="utf-8") as f:
            f.write(str(count))
        os.rename(r.scratch.path("until.new"), r.scratch.path("until.ask"))
        job.wait_line(rf"^asked {count}, refused {count}$")
        remark = self.compare(job, before, self.memory(r), count)
        with open(r.scratch.path("until"), "w", encoding="utf-8"):
            pass
        job.expect_pass()
        return remark


def main():
    parser = arguments_of(__doc__)
    parser.add_argument("--long", action="store_true", help="300 requests of each kind, 200 checkpoints")
    arguments = parser.parse_args()
    return run_methods(arguments, lambda site: [Growth(site, arguments.long)], " --long" if arguments.long else "")


if __name__ == "__main__":
    sys.exit(main())
