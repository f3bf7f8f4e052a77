#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""entry_points.py LIBRARY SUFFIX PROGRAM [NAME...]: PROGRAM calls every function of a Fortran binding.

The functions of a binding are what LIBRARY exports as mpi_NAME or mpix_NAME followed by SUFFIX; what PROGRAM calls is what it
leaves undefined (nm). What is left out has a reason in mpi/shim/proofs.table or where this test is set up (NAME); a reason
that is not needed fails, too.
"""
import configparser
import pathlib
import re
import subprocess
import sys

PROOFS = pathlib.Path(__file__).resolve().parents[4] / "mpi/shim/proofs.table"
# Generated, one for each type and number of dimensions; they do not call MPI.
SIZEOF = re.compile(r"sizeof_\w+_(r\d+|scalar)")


def symbols(path, *options):
    text = subprocess.run(["nm", "-D", "--without-symbol-versions", *options, path], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in text.splitlines()}


def not_called():
    """The functions of which the table says that no program calls them from Fortran."""
    table = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    table.read_string(PROOFS.read_text())
    return set(table["fortran"])  # in lower case


def main():
    library, suffix, program, *left_out = sys.argv[1:]
    left_out = {*left_out, *not_called()}
    name = re.compile(rf"^mpix?_(\w*[a-z0-9]){suffix}$")
    exported = {m.group(1) for m in map(name.match, symbols(library, "--defined-only")) if m}
    exported = {n for n in exported if not SIZEOF.fullmatch(n)}
    called = {m.group(1) for m in map(name.match, symbols(program, "--undefined-only")) if m}
    missing = exported - called - left_out
    needless = called & left_out
    for n in sorted(missing):
        print(f"not called: {n}{suffix}")
    for n in sorted(needless):
        print(f"called, and yet it is said that it cannot be: {n}{suffix}")
    if len(exported) < 300:
        sys.exit(f"only {len(exported)} functions found in {library}")
    print(f"{len(exported & called)} of {len(exported)} functions called")
    sys.exit(1 if missing or needless else 0)


if __name__ == "__main__":
    main()
