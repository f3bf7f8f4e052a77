#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""includes.py ROOT: which part of the source may include which. One line for each include that may not be, as file:line.

ROOMS is the plan of the house: a part includes itself, what its row names, and the public headers; single files that join
parts are in SEAMS. Headers of Open MPI and PMIx are for the parts in FOREIGN only.
"""
import os
import re
import sys

from sources import sources

BELOW_STATE = ["core/base", "core/abi", "core/context", "core/engine"]
BELOW_HOST = BELOW_STATE + ["core/state", "core/group"]
MPI = ["core/base", "core/abi", "mpi/abi"]
ROOMS = {
    "core/base": [],
    "core/abi": ["core/base"],
    "core/context": ["core/base", "core/abi"],
    "core/engine": ["core/base", "core/abi", "core/context", "kmod/cairn_uapi.h"],
    "core/state": BELOW_STATE,
    "core/group": BELOW_STATE + ["core/state", "kmod/cairn_uapi.h"],
    "core/host": BELOW_HOST,
    "core/guest": ["core/base", "core/abi", "kmod/cairn_uapi.h"],
    "core/cli": BELOW_HOST,
    "mpi/abi": ["core/base", "core/abi"],
    "mpi/crcp": MPI + ["mpi/shim"],
    "mpi/p2p": MPI + ["mpi/crcp", "mpi/shim"],
    "mpi/shim": MPI + ["mpi/crcp", "mpi/p2p"],
    "mpi/host": BELOW_HOST + ["core/host", "mpi/abi", "pmix/agent", "pmix/transport"],
    "pmix/transport": ["core/base", "core/abi", "mpi/abi"],
    "pmix/manifest": ["core/base", "core/abi", "core/context"],
    "pmix/agent": ["core/base", "core/abi", "core/group", "mpi/abi", "pmix/transport"],
    "pmix/coordinator": ["core/base", "core/abi", "pmix/agent", "pmix/manifest", "pmix/transport"],
    "launcher": ["core/base", "core/abi", "core/context", "core/cli", "pmix/agent", "pmix/coordinator", "pmix/manifest",
                 "pmix/transport"],
    "kmod": ["core/context/format.h"],
    "examples": [],
}
# Where a part is joined to one above it: its participants are listed there.
SEAMS = {
    "mpi/crcp/participants.cpp": ["mpi/p2p"],
    "mpi/crcp/letters.cpp": ["mpi/p2p/queue.hpp"],
    "mpi/crcp/door.cpp": ["mpi/p2p/adopt.hpp"],
    # The number that a process is to have is in its image, and needed before anybody reads that.
    "core/guest/restart_start.cpp": ["core/context/format.h"],
    # What an image says of files, compared over all ranks.
    "launcher/common_memory.cpp": ["mpi/abi/mpi_state.h"],
    "launcher/shared_files.cpp": ["core/state/files/read.hpp"],
    "launcher/ompi_checkpoint.cpp": ["core/state/files/saved_contents.hpp"],
}
# For the application, and so for everybody.
PUBLIC = ["core/guest/libcr.h"]
FOREIGN = {
    re.compile(r"pmix"): ["pmix/transport/", "mpi/host/components.cpp"],
    re.compile(r"mpi(-ext)?\.h"): ["mpi/", "examples/"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
SUFFIXES = (".c", ".cpp", ".h", ".hpp", ".def", ".S")


def room_of(path):
    """The row that a file belongs to, or None."""
    parts = path.split("/")
    for room in ("/".join(parts[:2]), parts[0]):
        if room in ROOMS and room != path:
            return room
    return None


def may_include(path, room, name):
    if "/" not in name:  # beside the file: the kernel module and the examples build by themselves
        return room in ("kmod", "examples")
    allowed = [room] + ROOMS[room] + SEAMS.get(path, []) + PUBLIC
    return any(name == word or name.startswith(word + "/") for word in allowed)


def complaints(root):
    for path in sources(root, *SUFFIXES):
        room = room_of(path)
        if room is None:
            if path.split("/")[0] in {name.split("/")[0] for name in ROOMS}:
                yield f"{path}:1: lies in no room that tests/format/includes.py knows"
            continue
        with open(os.path.join(root, path), errors="replace") as file:
            for number, line in enumerate(file, 1):
                found = INCLUDE.match(line)
                if not found:
                    continue
                own, foreign = found.groups()
                if own and not may_include(path, room, own):
                    yield f"{path}:{number}: {room} may not include {own}"
                for pattern, places in FOREIGN.items():
                    if foreign and pattern.match(foreign) and not path.startswith(tuple(places)):
                        yield f"{path}:{number}: only {', '.join(places)} may include <{foreign}>"


def main():
    found = list(complaints(sys.argv[1]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
