#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""proven_functions.py INCLUDE PROGRAMS: each MPI function that is said to survive a checkpoint has a test (mpi/shim/proofs.table), and
the program of the test named for a function calls it: that program, of those in PROGRAMS, leaves it undefined (nm)."""

import pathlib
import subprocess
import sys

SHIM = pathlib.Path(__file__).resolve().parents[3] / "mpi/shim"
sys.path.insert(0, str(SHIM))
import coverage  # noqa: E402
import generate  # noqa: E402
import proofs  # noqa: E402
import prototypes  # noqa: E402


def called(program):
    text = subprocess.run(["nm", "-D", "--undefined-only", "--without-symbol-versions", program], check=True, capture_output=True,
                          text=True).stdout
    return {line.split()[-1] for line in text.splitlines()}


def main():
    include, programs = sys.argv[1], pathlib.Path(sys.argv[2])
    names = {f.member: f.name for f in prototypes.read_functions(include).values()}
    rows, _ = generate.read_table(SHIM / "functions.table")
    table = proofs.read(SHIM / "proofs.table", include)
    problems = [f"{names[m]} is said to survive, and no test in proofs.table shows it" for m in coverage.without_proof(rows, table)]
    calls = {proof.program: called(programs / proof.program) for proof in table.all}
    for member, proof in table.of.items():
        if names[member] not in calls[proof.program]:
            problems.append(f"{names[member]} is not called by {proof.program}, the program of {proof.test}")
    for problem in problems:
        print(problem)
    print(f"{len(table.of)} of {len(names)} functions have a test, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
