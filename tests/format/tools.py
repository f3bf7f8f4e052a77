#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools.py clang-format|shellcheck|clang-tidy|checkpatch ROOT BUILD: runs one of them over the project's files.

Exit status 77 if the program is not there (checkpatch: Debian's package linux-source).
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

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
                if file.readline().strip() in (b"#!/bin/bash", b"#!/bin/sh", b"#!/usr/bin/env bash"):
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


def checkpatch(root, build):
    # One source for several kernels has to ask for the version.
    ignored = "LINUX_VERSION_CODE,CONSTANT_COMPARISON"
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(kernel_source()) as archive:
            for member in archive:
                if re.search("/scripts/(checkpatch.pl|spelling.txt|const_structs.checkpatch)$", member.name):
                    member.name = os.path.basename(member.name)
                    archive.extract(member, scratch)
        files = sources(os.path.join(root, "kmod"), ".c", ".h")
        return subprocess.run(["perl", os.path.join(scratch, "checkpatch.pl"), "--no-tree", "--strict", "--terse",
                               "--ignore", ignored, "-f"] + files, cwd=os.path.join(root, "kmod")).returncode


def kernel_source():
    return max(glob.glob("/usr/src/linux-source-*.tar.xz"), default=None)


def main():
    program, root, build = sys.argv[1:]
    if not (kernel_source() if program == "checkpatch" else shutil.which(program)):
        print(f"SKIPPED: {program} is not installed")
        return 77
    run = {"clang-format": clang_format, "shellcheck": shellcheck, "clang-tidy": clang_tidy, "checkpatch": checkpatch}
    return run[program](root, build)


if __name__ == "__main__":
    sys.exit(main())
