# SPDX-License-Identifier: Apache-2.0
"""gdb and hosted processes.

gdb knows the host's libraries only: the guest has a loader of its own, which gdb does not watch. In gdb, attached to
a hosted process or with a core file of one,

    source cairn-gdb.py
    cairn symbols       adds the symbols of every guest library and program that is mapped now
    cairn where         says for each thread whether it is in the guest or in the host

Run "cairn symbols" again when the guest has loaded more.
"""
import gdb

# Everything below belongs to the guest (core/abi/layout.h: CAIRN_ARENA_TOP).
ARENA_TOP = 0x300000000000


def mappings():
    """(first address, file offset, path) of the file mappings of the process or core file, by address."""
    found = []
    for line in gdb.execute("info proc mappings", to_string=True).splitlines():
        fields = line.split()
        if len(fields) < 5 or not fields[0].startswith("0x") or not fields[-1].startswith("/"):
            continue
        found.append((int(fields[0], 16), int(fields[3], 16), fields[-1]))
    return sorted(found)


def is_elf(path):
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


class CairnPrefix(gdb.Command):
    """Commands for processes hosted by Cairn."""

    def __init__(self):
        super().__init__("cairn", gdb.COMMAND_USER, prefix=True)


class CairnSymbols(gdb.Command):
    """Add the symbols of the guest's programs and libraries."""

    def __init__(self):
        super().__init__("cairn symbols", gdb.COMMAND_FILES)
        self.added = set()

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        fresh = 0
        for start, offset, path in mappings():
            if start >= ARENA_TOP or offset != 0 or (start, path) in self.added or not is_elf(path):
                continue
            try:
                gdb.execute(f'add-symbol-file "{path}" -o {start - self.preferred(path):#x}', to_string=True)
                self.added.add((start, path))
                fresh += 1
            except gdb.error as error:
                print(f"{path}: {error}")
        print(f"symbols of {fresh} more files of the guest")

    @staticmethod
    def preferred(path):
        """Where the file wants its first byte: 0 unless it is not position independent."""
        with open(path, "rb") as file:
            header = file.read(64)
            count = int.from_bytes(header[56:58], "little")
            file.seek(int.from_bytes(header[32:40], "little"))
            for _ in range(count):
                entry = file.read(56)
                if entry[:4] == b"\x01\x00\x00\x00":
                    address = int.from_bytes(entry[16:24], "little") - int.from_bytes(entry[8:16], "little")
                    return address & ~0xFFF
        return 0


class CairnWhere(gdb.Command):
    """For each thread: is its thread pointer, and its program counter, the guest's or the host's?"""

    def __init__(self):
        super().__init__("cairn where", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        current = gdb.selected_thread()
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num):
            thread.switch()
            half = {}
            for name in ("fs_base", "pc"):
                value = int(gdb.parse_and_eval(f"(unsigned long)${name}"))
                half[name] = "guest" if value < ARENA_TOP else "host"
            print(f"{thread.num:4d} tid {thread.ptid[1]}: code {half['pc']}, thread pointer {half['fs_base']}")
        if current is not None:
            current.switch()


CairnPrefix()
CairnSymbols()
CairnWhere()
