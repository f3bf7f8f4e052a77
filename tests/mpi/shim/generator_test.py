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
import coverage  # noqa: E402
import generate as generator  # noqa: E402
import proofs  # noqa: E402
import prototypes  # noqa: E402
import wrappers  # noqa: E402


def generate(table, kinds=None, proofs=None):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "functions.table"
        path.write_text(table)
        command = [sys.executable, SHIM / "generate.py", "--include", INCLUDE, "--library", LIBRARY, "--table", path,
                   "--kinds", kinds or SHIM / "objects/kinds.table", "--proofs", proofs or SHIM / "proofs.table",
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
        result = generate(self.table + "\nBroadcast collective all\n")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("Broadcast", result.stderr)

    def test_unknown_class_fails(self):
        result = generate(self.table.replace("Barrier                      collective", "Barrier  colective", 1))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("colective", result.stderr)

    def test_array_of_numbers_needs_a_length(self):
        result = generate(self.table.replace("  counts=root", "", 1))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("MPIX_Gatherv_init: say counts=", result.stderr)

    def test_row_must_say_whether_the_function_is_collective(self):
        for row in ("Barrier collective", "Barrier collective one", "Comm_rank guest all", "Comm_dup hand both"):
            name = row.split()[0]
            lines = [row if line.startswith(name + " ") else line for line in self.table.splitlines()]
            result = generate("\n".join(lines))
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(f"{name} of class", result.stderr)

    def test_argument_without_a_rule_fails(self):
        result = generate(self.table.replace("Comm_split                   hand", "Comm_split comm_call", 1))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("no rule for argument", result.stderr)


class Kinds(unittest.TestCase):
    functions = (SHIM / "functions.table").read_text()
    table = (SHIM / "objects/kinds.table").read_text()

    def refusal(self, table):
        with tempfile.NamedTemporaryFile("w", suffix=".table") as file:
            file.write(table)
            file.flush()
            result = generate(self.functions, file.name)
        self.assertNotEqual(result.returncode, 0)
        return result.stderr

    def test_kind_without_a_test_fails_by_name(self):
        self.assertIn("[world] lacks a text for test", self.refusal(self.table.replace("test = shim.restart.2", "test =", 1)))

    def test_kind_out_of_order_fails_by_name(self):
        text = self.refusal(self.table.replace("stage = world", "stage = groups", 1))
        self.assertIn("[errhandler] is of a stage before that of [world]", text)

    def test_test_that_does_not_exist_fails_by_name(self):
        command = [sys.executable, SHIM / "kinds.py", SHIM / "objects/kinds.table", "shim.restart.2"]
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("[group] names shim.restart.4, which is no test", result.stderr)


class Proofs(unittest.TestCase):
    functions = (SHIM / "functions.table").read_text()
    table = (SHIM / "proofs.table").read_text()

    def refusal(self, table):
        with tempfile.NamedTemporaryFile("w", suffix=".table") as file:
            file.write(table)
            file.flush()
            result = generate(self.functions, proofs=file.name)
        self.assertNotEqual(result.returncode, 0)
        return result.stderr

    def test_pattern_without_a_function_fails_by_name(self):
        text = self.refusal(self.table.replace("functions = Abort", "functions = Aborts", 1))
        self.assertIn("[shim.halves.abort] names Aborts, which is no function", text)

    def test_refusal_of_what_it_is_not_about_fails(self):
        text = self.refusal(self.table.replace("refused = Comm_spawn", "refused = Comm_accept", 1))
        self.assertIn("[crcp.outsiders.MPI_Comm_spawn] is not about Comm_accept", text)

    def test_row_without_a_window_fails(self):
        text = self.refusal(self.table.replace("window = the restarted job is ended", "window =", 1))
        self.assertIn("[shim.halves.abort] lacks window", text)

    def test_test_that_does_not_exist_fails_by_name(self):
        command = [sys.executable, SHIM / "proofs.py", SHIM / "proofs.table", INCLUDE, "crcp.finalize"]
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("[shim.halves.abort] is no test", result.stderr)


class Coverage(unittest.TestCase):
    rows = generator.read_table(SHIM / "functions.table")[0]

    def without_proof(self, old, new):
        with tempfile.NamedTemporaryFile("w", suffix=".table") as file:
            file.write((SHIM / "proofs.table").read_text().replace(old, new, 1))
            file.flush()
            return coverage.without_proof(self.rows, proofs.read(file.name, INCLUDE))

    def test_function_that_no_row_is_about_is_found(self):
        self.assertIn("Finalized", self.without_proof("Finalize Finalized", "Finalize"))

    def test_refusal_is_no_proof(self):
        self.assertIn("Comm_dup", self.without_proof("[crcp.ports]", "[shim.new]\nprogram = shim_refused\nwindow = it exists\n"
                                                     "functions = Comm_dup\nrefused = Comm_dup\n\n[crcp.ports]"))


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
