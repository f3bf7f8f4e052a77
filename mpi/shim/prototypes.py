# SPDX-License-Identifier: Apache-2.0
"""Reads the prototypes of an installed mpi.h and its extension headers, and the symbols of the real library."""

import pathlib
import re
import struct
import subprocess
from dataclasses import dataclass, field


@dataclass
class Parameter:
    type: str   # as written, without the name and without [] ("const MPI_Datatype", "int *")
    name: str
    array: bool

    @property
    def is_const(self):
        return self.type.startswith("const ")

    @property
    def base(self):
        """The innermost type without const and pointers."""
        return re.sub(r"\bconst\b|\*", "", self.type).strip()

    @property
    def depth(self):
        return self.type.count("*") + (1 if self.array else 0)


@dataclass
class Function:
    name: str            # "MPI_Send", "MPIX_Bcast_init"
    result: str
    parameters: list = field(default_factory=list)
    text: str = ""       # parameter list as written

    @property
    def short(self):
        return self.name.split("_", 1)[1]

    @property
    def member(self):
        """Its name in struct RealFunctions."""
        return ("X_" if self.name.startswith("MPIX_") else "") + self.short


def parse_parameter(text, position):
    text = re.sub(r"\s+", " ", text).strip()
    array = re.search(r"\[\]((?:\[\d+\])?)$", text)
    if array:
        text = text[: array.start()].strip()
    match = re.match(r"^(.*?[\s*])(\w+)$", text)
    if not match and re.fullmatch(r"\w+", text):
        return Parameter(text, f"argument{position}", False)  # a type without a name
    if not match:
        raise ValueError(f"cannot read parameter '{text}'")
    return Parameter(re.sub(r"\s*\*\s*", " *", match.group(1)).replace("* *", "**").strip(), match.group(2), bool(array))


ADVICE = re.compile(r'__mpi_interface_\w+__\s*\(\s*".*?"\s*\)|__mpi_interface_removed__\s*\(.*?\)', re.S)
PROTOTYPE = re.compile(r"OMPI_DECLSPEC\s+([\w ]+?\**)\s*\b(PMPIX?_\w+)\s*\(([^;]*?)\)\s*;", re.S)


def read_functions(include_dir):
    """All PMPI_/PMPIX_ prototypes below include_dir, by MPI_ name, in file order."""
    include_dir = pathlib.Path(include_dir)
    files = [include_dir / "mpi.h"] + sorted((include_dir / "openmpi/mpiext").glob("mpiext_*_c.h"))
    functions = {}
    for path in files:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        text = ADVICE.sub("", text)
        for result, name, arguments in PROTOTYPE.findall(text):
            arguments = re.sub(r"\s+", " ", arguments).strip()
            function = Function(name[1:], result.strip(), text=arguments)
            if arguments not in ("", "void"):
                function.parameters = [
                    parse_parameter(a, i) for i, a in enumerate(arguments.split(",")) if a.strip() != "..."]
            functions[function.name] = function
    return functions


def read_macros(include_dir):
    """Names of MPI that mpi.h defines as macros with arguments."""
    return set(re.findall(r"#\s*define (MPI_\w+)\(", (pathlib.Path(include_dir) / "mpi.h").read_text()))


@dataclass
class Symbol:
    name: str
    kind: str   # nm's letter
    size: int
    address: int


def read_symbols(library):
    """Defined dynamic symbols of a shared library, by name."""
    output = subprocess.run(["nm", "-D", "-S", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    symbols = {}
    for line in output.splitlines():
        fields = line.split()
        if len(fields) == 4:
            address, size, kind, name = fields
        else:
            (address, kind, name), size = fields, "0"
        name = name.split("@")[0]
        symbols[name] = Symbol(name, kind, int(size, 16), int(address, 16))
    return symbols


class ElfData:
    """Initial contents of a shared library's data objects, before relocation."""

    def __init__(self, library):
        self.bytes = pathlib.Path(library).read_bytes()
        offset, = struct.unpack_from("<Q", self.bytes, 0x20)
        size, count = struct.unpack_from("<HH", self.bytes, 0x36)
        self.segments = []
        for i in range(count):
            kind, _, file_offset, address, _, file_size = struct.unpack_from("<IIQQQQ", self.bytes, offset + i * size)
            if kind == 1:  # PT_LOAD
                self.segments.append((address, file_size, file_offset))

    def read(self, symbol):
        for address, size, offset in self.segments:
            if address <= symbol.address and symbol.address + symbol.size <= address + size:
                start = offset + symbol.address - address
                return self.bytes[start : start + symbol.size]
        return bytes(symbol.size)
