#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fortran_reads.py LIBRARY...: where bindings look into the objects behind handles must be known.

The system's libraries for Fortran, C++ and Java work on top of the guest's libmpi. They were compiled with the real library's
structures, and some of their functions look into these instead of asking. handle.hpp keeps those fields where they look;
this test disassembles the installed libraries (objdump) and fails on a read that handle.hpp does not know of.

A handle is what an MPI_..._f2c function returns, what an MPI function has left in a local variable whose address it
was given, or the first argument of the ompi_cxx_... functions of libmpi_cxx. Values are followed through registers and the stack, straight through each function: enough for compiled
wrappers, which branch little before they look.
"""
import re
import subprocess
import sys

# (function that gave the handle, offsets that lead to the field), the last offset being what is read.
KNOWN = {
    ("Comm_f2c", "0xe8"): "flags: is it an intercommunicator?",
    ("Comm_f2c", "0xf8"): "local group",
    ("Comm_f2c", "0xf8 0x10"): "its size",
    ("Comm_f2c", "0x100"): "remote group",
    ("Comm_f2c", "0x100 0x10"): "its size",
    ("Comm_f2c", "0x110"): "attributes, handed to ompi_attr_get",
    ("Comm_f2c", "0x138"): "error handler, handed back to us where there is no memory for a name",
    ("Comm_f2c", "0x140"): "what that is the handler of, likewise",
    ("Type_f2c", "0xd0"): "attributes",
    ("Win_f2c", "0xf0"): "attributes",
    ("Test", "0x68"): "Fortran's integer for the request",
    ("Wait", "0x68"): "Fortran's integer for the request",
    ("Group_*", "0x18"): "Fortran's integer for the group",
    ("Comm_group", "0x18"): "Fortran's integer for the group",
    ("Comm_remote_group", "0x18"): "Fortran's integer for the group",
    ("Win_get_group", "0x18"): "Fortran's integer for the group",
    ("File_get_group", "0x18"): "Fortran's integer for the group",
    ("Grequest_start", "0xc0"): "cleared: its functions are Fortran's (handle.hpp: kGrequestIsC)",
    ("Op_create", "0x54"): "flags: its function is Fortran's",
    ("ompi_cxx_comm_get_type", "0xe8"): "flags: which class of communicators is it?",
    ("ompi_cxx_errhandler_invoke_comm", "0x138"): "error handler, handed back to us",
    ("ompi_cxx_errhandler_invoke_comm", "0x140"): "what that is the handler of, likewise",
    ("ompi_cxx_errhandler_invoke_file", "0x80"): "the same of a file: what is there means nothing to us",
    ("ompi_cxx_errhandler_invoke_file", "0x88"): "likewise",
    ("ompi_cxx_errhandler_set_callbacks", "0x58"): "set: what throws exceptions for communicators",
    ("ompi_cxx_errhandler_set_callbacks", "0x60"): "set: for files",
    ("ompi_cxx_errhandler_set_callbacks", "0x68"): "set: for windows",
}
SCRATCH = {"rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"}
ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
NARROW = {"eax": "rax", "ebx": "rbx", "ecx": "rcx", "edx": "rdx", "esi": "rsi", "edi": "rdi", "ebp": "rbp",
          **{f"r{i}d": f"r{i}" for i in range(8, 16)}}
FUNCTION = re.compile(r"^[0-9a-f]+ <([^>@]+)")
INSTRUCTION = re.compile(r"^\s+[0-9a-f]+:\s+(\S+)\s*([^#]*)")
MEMORY = re.compile(r"(-?0x[0-9a-f]+|)\(%(\w+)\)")
SLOT = re.compile(r"^(-?0x[0-9a-f]+|)\(%rsp\)$")
CALLEE = re.compile(r"<P?MPIX?_(\w+)@plt>")


class Walk:
    """One function, from its first instruction to its last."""

    def __init__(self):
        self.values = {}     # register or stack slot -> (giver, offsets): what it points to
        self.addresses = {}  # register -> stack slot whose address it has
        self.reads = set()

    def step(self, operation, operands):
        source, _, target = operands.rpartition(",")
        target = NARROW.get(target.lstrip("%"), target.lstrip("%"))
        if operation != "lea":
            for offset, register in MEMORY.findall(operands):
                if register in self.values:
                    giver, path = self.values[register]
                    self.reads.add((giver, path + (offset or "0x0",)))
        if operation.startswith("call"):
            self.call(operands)
        elif source and not target.endswith(")"):
            self.load(operation, source, target)
        elif operation == "mov" and SLOT.match(target):
            self.values.pop(target, None)
            value = self.values.get(source.lstrip("%"))
            if value:
                self.values[target] = value

    def call(self, operands):
        callee = CALLEE.search(operands)
        name = callee.group(1) if callee else None
        slots = [self.addresses[r] for r in ARGUMENTS if r in self.addresses]
        for register in SCRATCH:
            self.values.pop(register, None)
            self.addresses.pop(register, None)
        for slot in slots:
            self.values.pop(slot, None)
            if name:
                self.values[slot] = (name, ())
        if name and name.endswith("_f2c"):
            self.values["rax"] = (name, ())

    def load(self, operation, source, target):
        value = address = None
        memory = MEMORY.fullmatch(source)
        if operation == "lea" and SLOT.match(source):
            address = source
        elif operation == "mov" and source == "%rsp":
            address = "(%rsp)"
        elif operation == "mov" and SLOT.match(source):
            value = self.values.get(source)
        elif operation == "mov" and source.startswith("%"):
            value, address = self.values.get(source[1:]), self.addresses.get(source[1:])
        elif operation == "mov" and memory and memory.group(2) in self.values:
            giver, path = self.values[memory.group(2)]
            value = (giver, path + (memory.group(1) or "0x0",))
        if operation.startswith(("cmp", "test")):
            return
        for table, what in ((self.values, value), (self.addresses, address)):
            table.pop(target, None)
            if what:
                table[target] = what


def reads_of(library):
    """{(giver, offsets): names of functions}"""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", library], check=True, capture_output=True, text=True).stdout
    found = {}
    name, walk = None, Walk()
    for line in text.splitlines():
        begin = FUNCTION.match(line)
        if begin:
            name, walk = begin.group(1), Walk()
            if name.startswith("ompi_cxx_"):
                walk.values["rdi"] = (name, ())
            continue
        instruction = INSTRUCTION.match(line)
        if instruction:
            walk.step(instruction.group(1), instruction.group(2).strip())
            for giver, path in walk.reads:
                found.setdefault((giver, " ".join(path)), set()).add(name)
    return found


def is_known(giver, path):
    # An object begins with its class, which bindings never look at: what reads there is another pointer, or a number, in
    # the same slot (of Java's functions, whose environment is used that way all the time).
    if path == "0x0":
        return True
    return (giver, path) in KNOWN or (giver.startswith("Group_") and ("Group_*", path) in KNOWN)


def main():
    total, unknown = 0, []
    for library in sys.argv[1:]:
        for (giver, path), functions in sorted(reads_of(library).items()):
            total += 1
            if not is_known(giver, path):
                unknown.append(f"{library}: {', '.join(sorted(functions))} read at {path} of what {giver} gave or was given")
    print("\n".join(unknown))
    print(f"{total} kinds of reads, {len(unknown)} unknown")
    return 1 if unknown or not total else 0


if __name__ == "__main__":
    sys.exit(main())
