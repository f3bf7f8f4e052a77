#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Things that go wrong during a checkpoint or before a restart. In each case: the stated outcome within a limit of
time, the job unharmed (it verifies itself), no snapshot that looks whole and is not, nothing left behind.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mpi"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.cases import Case, again, run_cases  # noqa: E402
from harness.job import Runner  # noqa: E402
from harness.site import Site  # noqa: E402
from fault_checkpoint import CheckpointFaults  # noqa: E402
from fault_snapshot import SnapshotFaults  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.environ.get("CAIRN_BUILD"), required="CAIRN_BUILD" not in os.environ)
    parser.add_argument("--case", help="only cases whose name contains this")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json")
    parser.add_argument("--limit", type=float)
    a = parser.parse_args()
    site = Site(a.build)
    cases = []
    for faults in (CheckpointFaults(site), SnapshotFaults(site)):
        for name in (n[5:] for n in dir(faults) if n.startswith("test_")):
            if a.case and a.case not in name:
                continue
            method = getattr(faults, "test_" + name)
            cases.append(Case(name, lambda scratch, m=method: m(Runner(site, scratch)),
                              again(f"--build {a.build} --case {name}")))
    return run_cases(cases, a.jobs, a.json, limit=a.limit)


if __name__ == "__main__":
    sys.exit(main())
