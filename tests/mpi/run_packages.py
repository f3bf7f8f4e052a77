#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs from Debian's packages, unmodified: interrupted, restarted, and with the same output as without.

Of a restarted job only the output after the snapshot can be compared; it must end as the uninterrupted run ends.
"""
import argparse
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.cases import Case, again, run_cases  # noqa: E402
from harness.job import Runner  # noqa: E402
from harness.site import Failure, Site  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def thermo(lines):
    """LAMMPS: the rows of the thermodynamic table, without anything that is measured."""
    return [line.split() for line in lines if re.match(r"^ +\d+ +-?\d", line) and len(line.split()) == 5]


def mpi4py_rows(lines):
    return [line for line in lines if line.startswith(("step", "PASS"))]


def netpipe_sizes(lines):
    """NetPIPE: which sizes were measured; how fast they were is another matter."""
    return [m[1] for m in (re.match(r" *\d+: +(\d+) bytes", line) for line in lines) if m]


class Packages:
    def __init__(self, site):
        self.site = site

    def lammps(self, r):
        program = [self.site.program("lmp"), "-in", os.path.join(HERE, "programs", "melt.lammps"), "-log", "none"]
        self.compare(r, 2, program, r"^ +[2-5]00 ", thermo)

    def mpi4py(self, r):
        program = ["/usr/bin/python3", os.path.join(HERE, "programs", "pi_mpi4py.py"), "4"]
        self.compare(r, 3, program, r"^step [3-9]/", mpi4py_rows)

    def netpipe(self, r):
        program = [self.site.program("NPopenmpi"), "-u", "131072", "-n", "400", "-o", r.scratch.path("np.out")]
        self.compare(r, 2, program, r"^ *1\d: ", netpipe_sizes)

    def compare(self, r, np, program, progress, rows):
        plain = r.start(np, program, "vader", cr=False)
        plain.expect_status(0)
        want = rows(plain.lines)
        if len(want) < 5:
            plain.fail(f"only {len(want)} rows of output are comparable")
        job = r.start(np, program, "vader")
        job.wait_line(progress)
        snapshot = r.checkpoint(job)
        before = rows(job.lines)
        job.kill()
        job = r.restart(snapshot)
        job.expect_status(0)
        got = rows(job.lines)
        if want[:len(before)] != before:
            raise Failure("the output before the checkpoint differs from the uninterrupted run's")
        if not got or want[-len(got):] != got:
            job.fail(f"the restarted run's output is not the end of the uninterrupted run's\n    want {want[-3:]}"
                     f"\n    got {got[-3:]}")
        if len(before) + len(got) < len(want):
            job.fail(f"{len(want)} rows uninterrupted, {len(before)} before and {len(got)} after the restart")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.environ.get("CAIRN_BUILD"), required="CAIRN_BUILD" not in os.environ)
    parser.add_argument("--case")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json")
    a = parser.parse_args()
    site = Site(a.build)
    packages = Packages(site)
    cases = []
    for name in ("lammps", "mpi4py", "netpipe"):
        if a.case and a.case not in name:
            continue
        method = getattr(packages, name)
        cases.append(Case(name, lambda scratch, m=method: m(Runner(site, scratch)),
                          again(f"--build {a.build} --case {name}")))
    return run_cases(cases, a.jobs, a.json)


if __name__ == "__main__":
    sys.exit(main())
