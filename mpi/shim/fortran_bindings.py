# SPDX-License-Identifier: Apache-2.0
"""What the installed Fortran bindings have, found in their libraries and modules."""

import gzip
import pathlib
import re

import prototypes

MPIF, MODULE, F08 = "mpif.h", "use mpi", "use mpi_f08"
BINDINGS = (MPIF, MODULE, F08)


def symbols(directory, name):
    path = directory / name
    return set(prototypes.read_symbols(path)) if path.exists() else set()


def module_names(directory, name):
    """All names in a module of gfortran, which is text."""
    names = set()
    for path in directory.glob(f"fortran/gfortran-mod-*/openmpi/{name}.mod"):
        names |= set(re.findall(r"'(mpix?_\w+)'", gzip.decompress(path.read_bytes()).decode()))
    return names


class Bindings:
    def __init__(self, library):
        directory = pathlib.Path(library).parent
        self.mpifh, self.f08 = symbols(directory, "libmpi_mpifh.so.40"), symbols(directory, "libmpi_usempif08.so.40")
        self.modules = {MODULE: module_names(directory, "mpi") | module_names(directory, "mpi_ext"),
                        F08: module_names(directory, "mpi_f08")}

    def has(self, name):
        """Binding -> yes, or "external" for what the module does not declare but a program may call; none: it is not there."""
        name, found = name.lower(), {}
        if name + "_" in self.mpifh:
            found[MPIF], found[MODULE] = "yes", "external"
        if name in self.modules[MODULE]:
            found[MODULE] = "yes"
        if self.f08 and (name + "_f08_" in self.f08 or name in self.modules[F08]):
            found[F08] = "yes"
        return found

    def more(self, names):
        """Procedures of the bindings that C has no function for, as MPI spells them."""
        known = {n.lower() for n in names}
        found = {m.group(1) for m in (re.fullmatch(r"(mpix?_\w*[a-z0-9])_", s) for s in self.mpifh) if m}
        found |= {n for n in self.modules[MODULE] if n == "mpi_sizeof"}
        spelt = ("MPI_" + n.split("_", 1)[1].capitalize() for n in found - known if not n.endswith("_cptr"))
        return sorted(n for n in spelt if not n.startswith("MPI_Sizeof_"))
