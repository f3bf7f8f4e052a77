# SPDX-License-Identifier: Apache-2.0
"""find_omitted.py PROGRAM [HOST --]: runs PROGRAM with the real MPI library, or hosted, over and over behind the calls in
which it ends or waits, and prints these: lines for omitted.list."""

import subprocess
import sys
import tempfile


def main():
    program, *host = sys.argv[1:]
    start = 0
    with tempfile.TemporaryDirectory() as work:
        while True:
            run = subprocess.run(["mpirun", "-x", f"SAY_DIRECTORY={work}", "-np", "1", *host, program, str(start)],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
            told = [line.split("\t") for line in run.stdout.splitlines() if "\t" in line]
            if not told:
                sys.exit(f"{program} {start} ends with {run.returncode}: {run.stderr}")
            number, what = told[-1]
            if what == "end":
                return
            print(what, flush=True)
            start = int(number) + 1


main()
