#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""symbols.py OURS REAL: the guest's library exports what the real one does, data with the same sizes, and no more."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "mpi/shim"))
import prototypes  # noqa: E402


def exported(library):
    symbols = prototypes.read_symbols(library)
    return {n: s.size if s.kind in "BDRV" else "function" for n, s in symbols.items() if n not in ("_init", "_fini")}


ours, real = exported(sys.argv[1]), exported(sys.argv[2])
problems = [f"{n} is missing" for n in real if n not in ours]
problems += [f"{n} should not be there" for n in ours if n not in real]
problems += [f"{n} is {ours[n]}, in the real library {real[n]}" for n in real if n in ours and ours[n] != real[n]]
if not real or problems:
    sys.exit("\n".join(problems) or "no symbols found in the real library")
print(f"{len(real)} symbols")
