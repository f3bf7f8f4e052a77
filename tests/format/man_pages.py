#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""man_pages.py ROOT BUILD: every command has a manual page, and the page has the options of its --help, no others."""
import os
import re
import subprocess
import sys

LONG_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z_-]*[a-z])")
PAGE_OF = {"mpirun": "cairn-mpirun"}
COMMANDS = ["cr_run", "cr_checkpoint", "cr_restart", "cr_info", "mpirun", "ompi-checkpoint", "ompi-restart",
            "ompi-snapshot"]


def options_of_program(path, name):
    # mpirun's --help is the real one's.
    words = ["--with-cr", "--help"] if name == "mpirun" else ["--help"]
    text = subprocess.run([path, *words], capture_output=True, text=True, timeout=20, check=True).stdout
    # Words of the explanations may name other commands' options: only what stands in front counts.
    front = [re.split(r"\s{2,}(?=[^\s-])", line.strip())[0] for line in text.splitlines()]
    return {o for line in front if line.startswith(("-", "[")) for o in LONG_OPTION.findall(line)}


def options_of_page(text):
    section = text.split("# OPTIONS", 1)[1].split("\n# ", 1)[0]
    terms = [line for line in section.splitlines() if line.startswith("**")]
    return {o for line in terms for o in LONG_OPTION.findall(line.replace("\\", "").replace("*", ""))}


def complaints(root, build):
    for name in COMMANDS:
        path = os.path.join(build, "bin", name)
        if not os.path.exists(path):
            continue
        page = os.path.join(root, "docs/man", PAGE_OF.get(name, name) + ".1.md")
        if not os.path.exists(page):
            yield f"{name}: no manual page {os.path.relpath(page, root)}"
            continue
        with open(page) as file:
            described = options_of_page(file.read())
        known = options_of_program(path, name)
        for option in sorted(known - described):
            yield f"{os.path.relpath(page, root)}: --{option} is not described"
        for option in sorted(described - known):
            yield f"{os.path.relpath(page, root)}: {name} knows no --{option}"


def main():
    found = list(complaints(*sys.argv[1:]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
