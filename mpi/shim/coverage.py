# SPDX-License-Identifier: Apache-2.0
"""The table of MPI functions in the documentation: what each does under Cairn."""

FULL = "full"
WINDOWS = "refused while a window between nodes exists"

# class -> (status, reason)
DEFAULTS = {
    "guest": (FULL, "answered in the guest"),
    "hand": (FULL, ""),
    "p2p": (FULL, ""),
    "world_call": (FULL, ""),
    "comm_call": (FULL, ""),
    "collective": (FULL, ""),
    "collective_request": (FULL, ""),
    "persistent_collective": ("refused", "while the request exists"),
    "rma": (FULL, WINDOWS),
    "rma_request": (FULL, WINDOWS),
    "io": (FULL, ""),
    "io_request": (FULL, ""),
    "tool": ("refused", "between MPI_T_init_thread and MPI_T_finalize"),
}

INTRODUCTION = """# MPI functions under Cairn

Every function of the MPI library runs. *full*: its effects survive checkpoint and restart. *refused*: a checkpoint
taken while the reason holds is refused at once with a message that names the object; the program goes on.

Made by mpi/shim/generate.py from mpi/shim/functions.table; do not edit.
"""


def status(row):
    if row.refused:
        return "refused", f"while the {row.refused} made by it exists"
    return DEFAULTS[row.cls]


def table(by_member, rows):
    text, section = [INTRODUCTION], None
    counts = {}
    for name, row in rows.items():
        if row.section != section:
            section = row.section
            text.append(f"\n## {section}\n\n| function | checkpoint | remark |\n|---|---|---|")
        what, reason = status(row)
        counts[what] = counts.get(what, 0) + 1
        text.append(f"| {by_member[name].name} | {what} | {reason} |")
    summary = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    text.insert(1, f"{sum(counts.values())} functions: {summary}.")
    return "\n".join(text) + "\n"
