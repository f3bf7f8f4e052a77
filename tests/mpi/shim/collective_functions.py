#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which functions are collective: the MPI standard's list and functions.table say the same, of every function of the
installed mpi.h, and every_collective calls all of those that make, use or free communicators, windows and files.

    collective_functions.py SOURCE INCLUDE
"""

import pathlib
import re
import sys

SOURCE, INCLUDE = pathlib.Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(SOURCE / "mpi/shim"))

import generate  # noqa: E402
import prototypes  # noqa: E402

# Sections whose functions every_collective calls: all but the collective operations themselves and MPI_Finalize.
CALLED = re.compile(r"6\.4|6\.6|7\.5|10\.|11\.|13\.")


def standard():
    """Section -> its functions."""
    sections, section = {}, None
    for line in pathlib.Path(__file__).with_name("collective_functions.list").read_text().splitlines():
        if line.startswith("  "):
            sections[section] += line.split()
        elif line and not line.startswith("#"):
            section = line.rstrip(":")
            sections[section] = []
    return sections


def rounds():
    """The functions that every_collective calls in a round of their own."""
    text = "".join(p.read_text() for p in (SOURCE / "tests/mpi/crcp/every_collective").glob("*.c"))
    return set(re.findall(r'\{"(MPI_\w+)", \w+_round\}', text))


def main():
    sections, called = standard(), rounds()
    collective = [name for names in sections.values() for name in names]
    functions = {f.member: f.name for f in prototypes.read_functions(INCLUDE).values()}
    rows, _ = generate.read_table(SOURCE / "mpi/shim/functions.table")
    table = {functions.get(member, member): row.collective for member, row in rows.items()}
    problems = [f"{name} is twice in the standard's list" for name in set(collective) if collective.count(name) > 1]
    problems += [f"{name} of mpi.h is neither in functions.table nor in the standard's list" for name in functions.values()
                 if name not in table and name not in collective]
    problems += [f"{name} is collective, which functions.table does not say" for name in collective if not table.get(name)]
    problems += [f"{name} is not collective, as functions.table says" for name, yes in table.items()
                 if yes and name not in collective]
    problems += [f"every_collective does not call {name}" for section, names in sections.items() if CALLED.match(section)
                 for name in names if re.sub("_end$", "_begin", name) not in called]
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(collective)} of {len(table)} functions are collective")


if __name__ == "__main__":
    main()
