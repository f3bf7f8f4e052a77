#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The generator refuses a table that does not fit the library, and reads what the headers contain."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SHIM = pathlib.Path(__file__).resolve().parents[3] / "mpi/shim"
INCLUDE, LIBRARY = sys.argv[1:3]
sys.path.insert(0, str(SHIM))
import prototypes  # noqa: E402
import wrappers  # noqa: E402


def generate(table):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "functions.table"
        path.write_text(table)
        command = [sys.executable, SHIM / "generate.py", "--include", INCLUDE, "--library", LIBRARY, "--table", path,
                   "--output", directory]
        return subprocess.run(command, capture_output=True, text=True)


class Generator(unittest.TestCase):
    table = (SHIM / "functions.table").read_text()

    def test_complete_table_is_accepted(self):
        result = generate(self.table)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_missing_function_fails_by_name(self):
        result = generate("\n".join(line for line in self.table.splitlines() if not line.startswith("Bcast ")))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("MPI_Bcast is missing", result.stderr)

    def test_unknown_function_fails_by_name(self):
        result = generate(self.table + "\nBroadcast collective\n")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("Broadcast", result.stderr)

    def test_unknown_class_fails(self):
        result = generate(self.table.replace("Barrier                      collective", "Barrier  colective", 1))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("colective", result.stderr)

    def test_argument_without_a_rule_fails(self):
        result = generate(self.table.replace("Comm_split                   hand", "Comm_split comm_call", 1))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("no rule for argument", result.stderr)


class Parser(unittest.TestCase):
    functions = prototypes.read_functions(INCLUDE)

    def test_arrays_of_arrays(self):
        ranges = self.functions["MPI_Group_range_incl"].parameters[2]
        self.assertEqual((ranges.base, ranges.array), ("int", True))

    def test_const_arrays_of_handles(self):
        types = self.functions["MPI_Alltoallw"].parameters[3]
        self.assertEqual((types.base, types.is_const, types.depth), ("MPI_Datatype", True, 1))

    def test_extensions_are_found(self):
        self.assertIn("MPIX_Bcast_init", self.functions)

    def test_removed_functions_are_found(self):
        self.assertIn("MPI_Attr_get", self.functions)


unittest.main(argv=sys.argv[:1])
