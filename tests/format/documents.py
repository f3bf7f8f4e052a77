#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""documents.py ROOT: files that documents, comments and CMake files name exist, so do the targets of links, and each folder
of the plan has a README.md.

A name is a path from the project's root that begins with one of its folders. `*`, `<...>` and capitals like NAME stand for
anything; what is made in the build tree is in BUILT.
"""
import glob
import os
import re
import sys

from sources import sources

FOLDERS = "core|mpi|pmix|launcher|kmod|tests|tools|docs|cmake|examples"
PATH = re.compile(r"(?<![\w/.$}<>-])((?:" + FOLDERS + r")/[\w.*<>{}|,@+-]+(?:/[\w.*<>{}|,@+ -]*?)*)(?=[\s`'\"),:;\]]|\.(?:\s|$)|$)")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
BUILT = re.compile(r"tests/(programs|vm|launcher|freezing|fuzz)\b|mpi/shim/generated\b|docs/(process-state|mpi-coverage)\.md|kmod/\S*\.ko"
                   r"|launcher/versions\.hpp|examples/mpi/(heat2d|heat_f|ring|montecarlo)\b")
COMMENT = re.compile(r"//.*|/\*.*|^ \*.*|#(?!\s*(?:include|define|if|el|endif|pragma)).*")


def text_of(path, line):
    """What is prose in the line: all of a document, the comment of a source."""
    if path.endswith(".md"):
        return line
    found = COMMENT.search(line)
    return found.group() if found else ""


def exists(root, folder, name):
    """Below the root, or below the folder of the file that names it."""
    name = name.rstrip("/.,")
    if BUILT.search(name) or re.search(r"[<>{}|@]|(?<![A-Za-z])[A-Z]{2,}(?![a-z]|\.md|\.txt)", name):
        return True
    # A program is named without its suffix, a pair of files without theirs.
    return any(glob.glob(os.path.join(root, at, name) + end) for at in ("", folder) for end in ("", ".*"))


def complaints(root):
    for path in sources(root):
        if path.startswith(("LICENSES/", "tests/format/")) or os.path.islink(os.path.join(root, path)):
            continue
        with open(os.path.join(root, path), "rb") as file:
            content = file.read()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
            for name in PATH.findall(text_of(path, line)):
                if not exists(root, os.path.dirname(path), name):
                    yield f"{path}:{number}: there is no {name}"
            if not path.endswith(".md"):
                continue
            for target in LINK.findall(line):
                if re.match(r"[a-z]+:", target):
                    continue
                at = os.path.normpath(os.path.join(os.path.dirname(path), target))
                if not (BUILT.search(at) or os.path.exists(os.path.join(root, at))):
                    yield f"{path}:{number}: the link leads nowhere: {target}"


def folders_without_a_page(root):
    """The plan's folders are the top ones and those below core, mpi, pmix and tests."""
    folders = set()
    for path in sources(root):
        parts = path.split("/")
        if len(parts) > 1 and parts[0] in FOLDERS.split("|"):
            depth = 2 if parts[0] in ("core", "mpi", "pmix", "tests") and len(parts) > 2 else 1
            folders.add("/".join(parts[:depth]))
    for folder in sorted(folders - {"docs", "core", "mpi", "pmix"}):
        if not os.path.exists(os.path.join(root, folder, "README.md")):
            yield f"{folder}/README.md:1: is missing: what lives here, what must not, where to start reading"


def main():
    found = list(complaints(sys.argv[1])) + list(folders_without_a_page(sys.argv[1]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
