# SPDX-License-Identifier: Apache-2.0
"""The table of MPI functions in the documentation: what each does under Cairn, in which languages, and the test of it."""

import fortran_bindings

FULL = "full"
WINDOWS = "refused while a window between nodes exists in MPI_THREAD_MULTIPLE"
WINDOW_SECTION = "One-sided communication"

# class -> (status, reason)
DEFAULTS = {
    "guest": (FULL, "answered in the guest"),
    "hand": (FULL, ""),
    "p2p": (FULL, ""),
    "world_call": (FULL, ""),
    "comm_call": (FULL, ""),
    "collective": (FULL, ""),
    "collective_request": (FULL, ""),
    "persistent_collective": (FULL, "refused while the request exists and its communicator has been freed"),
    "io": (FULL, ""),
    "io_request": (FULL, ""),
}

INTRODUCTION = """# MPI functions under Cairn

Every function of the MPI library runs. *full*: its effects survive checkpoint and restart. *refused*: a checkpoint
taken while the reason holds is refused at once with a message that names the object; the program goes on.

*test*: a program that calls the function is stopped by a checkpoint, restarted and checked; the list at the end says what it
has begun or holds then. Of what is refused it shows the refusal.

*C*, *mpif.h*, *use mpi* and *use mpi_f08*: the languages. *yes*: the installed MPI has it, and Cairn's tests call it. Those of
the Fortran bindings are shim.fortran.mpif, shim.fortran.mpi and shim.fortran.f08: each calls all functions of its binding
hosted, and those that make nothing to be refused for over a restart, too. *old*: mpi.h does not declare it any more, programs
that were built before may call it. *external*: the module does not declare it, a program may. *untested*: it is there, and no
test calls it. A dash: the installed MPI does not have it.

Made by mpi/shim/generate.py from mpi/shim/functions.table and mpi/shim/proofs.table; do not edit.
"""

COLUMNS = ("function", "checkpoint", "C", *fortran_bindings.BINDINGS, "test", "remark")


def heading(title, columns):
    return f"\n## {title}\n\n| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|"


def line(cells):
    return "| " + " | ".join(cells) + " |"


def status(row):
    if row.refused:
        return "refused", f"while the {row.refused} made by it exists"
    if row.section == WINDOW_SECTION:
        return FULL, WINDOWS
    return DEFAULTS[row.cls]


class Page:
    def __init__(self, rows, proofs, bindings, macros):
        """macros: names that mpi.h defines as macros, those of functions that were removed among them."""
        self.rows, self.proofs, self.bindings, self.macros = rows, proofs, bindings, macros

    def fortran(self, name, untested):
        has = self.bindings.has(name)
        return ["untested" if untested and b in has else has.get(b, "-") for b in fortran_bindings.BINDINGS]

    def function(self, member, name, row):
        what, reason = status(row)
        proof = self.proofs.of.get(member)
        remark = reason or self.proofs.not_called_in_fortran.get(member, "")
        return line([name, what, "old" if name in self.macros else "yes",
                     *self.fortran(name, member in self.proofs.not_called_in_fortran), proof.test if proof else "-", remark])

    def fortran_only(self, names):
        text = [heading("Without a function in the C library", COLUMNS)]
        for name in self.bindings.more(names):
            text.append(line([name, FULL, "macro" if name in self.macros else "-", *self.fortran(name, False),
                              "shim.fortran.mpi.restart", "computed in the program"]))
        return text

    def tests(self):
        used = [p for p in self.proofs.all if p in self.proofs.of.values()]
        return [heading("The tests, and what has been begun when the checkpoint comes", ("test", "program", "then"))] + [
            line([p.test, p.program, p.window]) for p in used]

    def text(self, names):
        """names: member -> name of the function."""
        sections, counts = {}, {}
        for member, row in self.rows.items():
            sections.setdefault(row.section, []).append(self.function(member, names[member], row))
            counts[status(row)[0]] = counts.get(status(row)[0], 0) + 1
        summary = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
        text = [INTRODUCTION, f"{sum(counts.values())} functions: {summary}."]
        for section, lines in sections.items():
            text += [heading(section, COLUMNS), *lines]
        return "\n".join(text + self.fortran_only(names.values()) + self.tests()) + "\n"


def without_proof(rows, proofs):
    """Functions that are said to survive, and no test is named for it."""
    return [member for member, row in rows.items() if status(row)[0] == FULL and not proofs.proves(member)]
