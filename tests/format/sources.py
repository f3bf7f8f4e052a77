# SPDX-License-Identifier: Apache-2.0
"""The project's own files: what git tracks, or all but build trees where there is no git."""
import os
import subprocess


def sources(root, *suffixes):
    """Paths relative to root, of files with one of the suffixes (all files, if none is given)."""
    try:
        names = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True, capture_output=True).stdout
        paths = [p for p in names.decode().split("\0") if p and os.path.isfile(os.path.join(root, p))]
    except (OSError, subprocess.CalledProcessError):
        paths = []
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if not f.startswith("build") and f != ".git"]
            paths += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(p for p in paths if not suffixes or p.endswith(suffixes))
