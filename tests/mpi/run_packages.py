#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs from Debian's packages, unmodified: interrupted, restarted, and with the same output as without.

Of a restarted job only the output after the snapshot can be compared; it must end as the uninterrupted run ends.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.driver import arguments_of, run_methods  # noqa: E402
from harness.site import Failure  # noqa: E402

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

    def test_lammps(self, r):
        program = [self.site.program("lmp"), "-in", os.path.join(HERE, "programs", "melt.lammps"), "-log", "none"]
        self.compare(r, 2, program, r"^ +[2-5]00 ", thermo)

    def test_mpi4py(self, r):
        program = ["/usr/bin/python3", os.path.join(HERE, "programs", "pi_mpi4py.py"), "4"]
        self.compare(r, 3, program, r"^step [3-9]/", mpi4py_rows)

    def test_netpipe(self, r):
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
    return run_methods(arguments_of(__doc__).parse_args(), lambda site: [Packages(site)])


if __name__ == "__main__":
    sys.exit(main())
