# SPDX-License-Identifier: Apache-2.0
"""Reads proofs.table: which test proves that an MPI function survives a checkpoint."""

import configparser
import fnmatch
import sys

import prototypes

FIELDS = ("program", "window", "functions", "refused")


def fits(member, patterns):
    return any(fnmatch.fnmatchcase(member, pattern) for pattern in patterns)


class Proof:
    """One test, and the functions that it is about, of those that there are (names without MPI_)."""

    def __init__(self, path, test, fields, members):
        self.test = test
        missing = [f for f in FIELDS[:3] if not fields.get(f)]
        unknown = [f for f in fields if f not in FIELDS]
        if missing:
            sys.exit(f"{path}: [{test}] lacks {', '.join(missing)}")
        if unknown:
            sys.exit(f"{path}: [{test}] has {', '.join(unknown)}, which means nothing")
        self.program, self.window = fields["program"], " ".join(fields["window"].split())
        self.refused = set(fields.get("refused", "").split())
        words = fields["functions"].split()
        without = [w[1:] for w in words if w.startswith("-")]
        self.functions = set()
        for pattern in words:
            if pattern.startswith("-"):
                continue
            found = {pattern} & members or {m for m in members if fits(m, [pattern]) and not fits(m, without)}
            if not found:
                sys.exit(f"{path}: [{test}] names {pattern}, which is no function")
            self.functions |= found
        if not self.refused <= self.functions:
            sys.exit(f"{path}: [{test}] is not about {', '.join(sorted(self.refused - self.functions))}")


class Proofs:
    """The whole table, in its order."""

    def __init__(self, path, members):
        parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None)
        parser.optionxform = str
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        self.not_called_in_fortran = dict(parser["fortran"])  # function -> why no test calls its Fortran bindings
        self.all = [Proof(path, name, dict(parser[name]), members) for name in parser.sections() if name != "fortran"]
        self.of = {}  # function -> the first that is about it
        for proof in self.all:
            for name in proof.functions:
                self.of.setdefault(name, proof)

    def proves(self, member):
        """A test with a checkpoint and a restart is named for the function."""
        return member in self.of and member not in self.of[member].refused


def read(path, include_dir):
    return Proofs(path, {f.member for f in prototypes.read_functions(include_dir).values()})


def main():
    """proofs.py TABLE INCLUDE TEST...: fails if the table names a test that is not among them."""
    path, include_dir, *known = sys.argv[1:]
    missing = [f"{path}: [{proof.test}] is no test" for proof in read(path, include_dir).all if proof.test not in known]
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()
