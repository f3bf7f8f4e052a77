# SPDX-License-Identifier: Apache-2.0
"""Makes the entries of entries.table: entries.S, the list of names for C++, the shapes for a test."""
import argparse
import os
import sys

CLASSES = ("nothing", "routed", "own", "never")
SHAPES = {"routed": ("registers", "stack", "mutex"), "own": ("registers", "stack"), "nothing": ("-",), "never": ("-",)}
OVERLOADED = ("basename", "log", "log2", "log10", "sqrt")  # in C++
HALF = 44  # CAIRN_ARENA_TOP is 3 << 44 (core/abi/layout.h; entry_route.S compares)


class Row:
    def __init__(self, name, cls, shape):
        self.name, self.cls, self.shape = name, cls, shape


def read_table(path):
    rows = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) != 3 or words[1] not in CLASSES or words[2] not in SHAPES[words[1]]:
            sys.exit(f"{path}:{number}: expected NAME {'|'.join(CLASSES)} registers|stack|mutex|-")
        if any(words[0] == row.name for row in rows):
            sys.exit(f"{path}:{number}: {words[0]} has a row already")
        rows.append(Row(*words))
    return rows


def entry(row, index):
    target = f"cairn_host_{row.name}" if row.cls == "own" else None
    go_on = f"jmp {target}" if target else f"jmp *cairn_real_functions+{8 * index}(%rip)"
    take = f"lea {target}(%rip), %r11" if target else f"mov cairn_real_functions+{8 * index}(%rip), %r11"
    shape = row.shape
    count = f"incq cairn_entry_counts+{8 * index}(%rip)"
    if row.cls == "never":
        shape, count = "never", f"mov ${index}, %eax"
    if shape == "mutex":  # called too often to be counted, and seldom routed
        slow = [take, "jmp cairn_route_mutex"]
    else:
        slow = [count, take, f"jmp cairn_route_{shape}"]
    body = ["mov %fs:0x10, %r11", f"shr ${HALF}, %r11", "cmp $3, %r11", "jb 1f", go_on]
    lines = [f"  .globl {row.name}", f"  .type {row.name}, @function", "  .p2align 4", f"{row.name}:", "  .cfi_startproc"]
    lines += ["  " + line for line in body] + ["1:"] + ["  " + line for line in slow]
    return lines + ["  .cfi_endproc", f"  .size {row.name}, . - {row.name}"]


def entries(rows):
    lines = ["# Made by entries.py.", "  .section cairn_entries, \"ax\", @progbits"]
    for index, row in enumerate(rows):
        lines += entry(row, index)
    return lines + ['  .section .note.GNU-stack, "", @progbits']


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", required=True)
    parser.add_argument("--output", required=True)
    given = parser.parse_args()
    rows = read_table(given.table)
    entered = [row for row in rows if row.cls != "nothing"]
    files = {
        "entries.S": entries(entered),
        "entries.inc": [f'CAIRN_{"OWN" if row.cls == "own" else "LIBC"}_ENTRY({row.name})' for row in entered] +
                       [f"CAIRN_NO_ENTRY({row.name})" for row in rows if row.cls == "nothing"],
        "entry_shapes.inc": [f"CAIRN_IN_REGISTERS({row.name})" for row in entered if row.shape == "registers" and
                             not row.name.startswith("__") and row.name not in OVERLOADED],
    }
    for name, lines in files.items():
        with open(os.path.join(given.output, name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
