#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools.py clang-format|shellcheck|clang-tidy ROOT BUILD: runs one of them over the project's files.

Exit status 77 if the program is not there.
"""
import json
import os
import shutil
import subprocess
import sys

from sources import sources


def clang_format(root, build):
    # The kernel module keeps the kernel's own style.
    files = [p for p in sources(root, ".c", ".cpp", ".h", ".hpp") if not p.startswith("kmod/")]
    return subprocess.run(["clang-format", "--dry-run", "--Werror", "--style=file"] + files, cwd=root).returncode


def shellcheck(root, build):
    files = sources(root, ".bash", ".sh")
    for path in sources(root):
        if "." not in os.path.basename(path) and os.access(os.path.join(root, path), os.X_OK):
            with open(os.path.join(root, path), "rb") as file:
                if file.readline().strip() in (b"#!/bin/bash", b"#!/bin/sh"):
                    files.append(path)
    # Variables are set for scripts that source the file; names that are listed here have no odd characters.
    excluded = "--exclude=SC2034,SC2010,SC2011,SC2038"
    return subprocess.run(["shellcheck", "--severity=warning", excluded, "--external-sources"] + files,
                          cwd=root).returncode


def clang_tidy(root, build):
    stand_in = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clang14.hpp")
    with open(os.path.join(build, "compile_commands.json")) as file:
        compiled = {os.path.relpath(os.path.realpath(c["file"]), os.path.realpath(root)) for c in json.load(file)}
    files = [p for p in sources(root, ".c", ".cpp") if p in compiled]
    command = ["clang-tidy", "--quiet", "-p", build, "--extra-arg=-include", "--extra-arg=" + stand_in,
               "--extra-arg=-Wno-unknown-warning-option"]  # GCC's own options
    jobs = [subprocess.Popen(command + files[i::2], cwd=root, stderr=subprocess.DEVNULL) for i in range(2) if files[i::2]]
    return max([job.wait() for job in jobs], default=1)


def main():
    program, root, build = sys.argv[1:]
    if not shutil.which(program):
        print(f"SKIPPED: {program} is not installed")
        return 77
    return {"clang-format": clang_format, "shellcheck": shellcheck, "clang-tidy": clang_tidy}[program](root, build)


if __name__ == "__main__":
    sys.exit(main())
