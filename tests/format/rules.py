#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rules.py ROOT: the project's rules about files that no other tool knows.

Every source says its license near its top; C and C++ files have fewer than 400 lines; nothing is left for later
without saying so in the documentation (the words are spelled apart here so that this file keeps its own rule).
"""
import os
import re
import sys

from sources import sources

CODE = (".c", ".cpp", ".h", ".hpp", ".S", ".f90")
SOURCE = CODE + (".py", ".bash", ".sh", ".cmake", "CMakeLists.txt", ".pml", ".in")
MOST_LINES = 400
LATER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")


def complaints(root):
    for path in sources(root):
        with open(os.path.join(root, path), errors="replace") as file:
            text = file.read() if path.endswith(SOURCE) or os.access(os.path.join(root, path), os.X_OK) else None
        if text is None:
            continue
        lines = text.splitlines()
        if not any("SPDX-License-Identifier:" in line for line in lines[:5]):
            yield f"{path}:1: no SPDX-License-Identifier line"
        if path.endswith(CODE) and len(lines) >= MOST_LINES:
            yield f"{path}:{len(lines)}: {len(lines)} lines, fewer than {MOST_LINES} are allowed"
        for number, line in enumerate(lines, 1):
            if LATER.search(line):
                yield f"{path}:{number}: left for later: {line.strip()}"
            if line != line.rstrip():
                yield f"{path}:{number}: blanks at the end of the line"


def main():
    found = list(complaints(sys.argv[1]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
