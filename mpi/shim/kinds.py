# SPDX-License-Identifier: Apache-2.0
"""Reads objects/kinds.table and writes what is generated of it: the table in C++ and the page in the documentation."""

import configparser
import sys

STAGES = ["world", "parts", "groups", "communicators", "on communicators", "requests"]
PARTS = {  # what a kind may have -> its declaration
    "rebind": "void {name}_rebind() noexcept;",
    "complete": "void {name}_complete() noexcept;",
    "park": "void {name}_park() noexcept;",
    "unpark": "void {name}_unpark() noexcept;",
    "rebuild": "int {name}_rebuild();",
    "culprit": "std::string {name}_culprit();",
    "obstacle": "std::size_t {name}_obstacle(char* text, std::size_t capacity);",
}
FIELDS = ("title", "stage", "does", "kept", "again", "limits", "test")

INTRODUCTION = """# MPI objects under Cairn

What becomes of each kind of MPI object when a job is restarted from a checkpoint: what is kept, how the new MPI library
gets it again, what the limits are, and the test that kills and restarts such a job. The order is that of a restart.

Made by mpi/shim/generate.py from mpi/shim/objects/kinds.table; do not edit.
"""


class Kind:
    def __init__(self, path, name, fields):
        self.name = name
        missing = [f for f in FIELDS if f not in fields] + [f"a text for {f}" for f in ("title", "test") if fields.get(f) == ""]
        if missing:
            sys.exit(f"{path}: [{name}] lacks {', '.join(missing)}")
        unknown = [f for f in fields if f not in FIELDS] + [d for d in fields["does"].split() if d not in PARTS]
        if unknown:
            sys.exit(f"{path}: [{name}] has {', '.join(unknown)}, which means nothing")
        if fields["stage"] not in STAGES:
            sys.exit(f"{path}: [{name}] has no stage '{fields['stage']}': {', '.join(STAGES)}")
        self.title, self.kept, self.again, self.limits = (fields[f] for f in ("title", "kept", "again", "limits"))
        self.stage, self.does, self.tests = fields["stage"], fields["does"].split(), fields["test"].split()


def read(path):
    """The kinds, in the order of the table."""
    parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    kinds = [Kind(path, name, dict(parser[name])) for name in parser.sections()]
    for before, kind in zip(kinds, kinds[1:]):
        if STAGES.index(kind.stage) < STAGES.index(before.stage):
            sys.exit(f"{path}: [{kind.name}] is of a stage before that of [{before.name}], which stands above it")
    return kinds


def header(kinds):
    lines = ["// Generated from mpi/shim/objects/kinds.table: what the kinds of objects define.", "#pragma once", "",
             "#include <cstddef>", "#include <string>", "", "namespace cairn::shim {", ""]
    lines += [PARTS[part].format(name=kind.name) for kind in kinds for part in kind.does]
    return "\n".join(lines + ["", "}  // namespace cairn::shim", ""])


def source(kinds):
    lines = ["// Generated from mpi/shim/objects/kinds.table.", '#include "mpi/shim/kinds.hpp"', "",
             '#include "mpi/shim/generated/kinds.hpp"', "", "namespace cairn::shim {", "",
             "std::span<const ObjectKind> object_kinds() noexcept {", "  static constexpr ObjectKind all[] = {"]
    for kind in kinds:
        parts = ", ".join(f"{kind.name}_{part}" if part in kind.does else "nullptr" for part in PARTS)
        lines.append(f'      {{"{kind.title}", Stage::{kind.stage.replace(" ", "_")}, {parts}}},')
    return "\n".join(lines + ["  };", "  return all;", "}", "", "}  // namespace cairn::shim", ""])


def page(kinds):
    lines = [INTRODUCTION, "| objects | kept | how they are made again | limits | test |", "|---|---|---|---|---|"]
    for kind in kinds:
        cells = (kind.title, kind.kept or "nothing", kind.again or "-", kind.limits or "none", ", ".join(kind.tests))
        lines.append("| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    """kinds.py TABLE TEST...: fails if a kind names a test that is not among them."""
    path, *known = sys.argv[1:]
    missing = [f"{path}: [{kind.name}] names {test}, which is no test" for kind in read(path) for test in kind.tests
               if test not in known]
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()
