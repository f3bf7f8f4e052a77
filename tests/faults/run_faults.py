#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Things that go wrong during a checkpoint or before a restart. In each case: the stated outcome within a limit of
time, the job unharmed (it verifies itself), no snapshot that looks whole and is not, nothing left behind.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mpi"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.driver import arguments_of, run_methods  # noqa: E402
from fault_checkpoint import CheckpointFaults  # noqa: E402
from fault_snapshot import SnapshotFaults  # noqa: E402


def main():
    arguments = arguments_of(__doc__).parse_args()
    return run_methods(arguments, lambda site: (CheckpointFaults(site), SnapshotFaults(site)))


if __name__ == "__main__":
    sys.exit(main())
