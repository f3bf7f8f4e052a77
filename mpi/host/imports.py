# SPDX-License-Identifier: Apache-2.0
"""Fails if an installed library that may run within a light crossing (docs/crossing.md) imports a function of one that has
thread-local state, and that function is in no row of entries.table. What runs is looked at again in each process
(crossing_proof.cpp); here a new version of a library is found when Cairn is built on it."""
import argparse
import os
import re
import subprocess
import sys


class Library:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        text = subprocess.run(["readelf", "-lrdW", "--dyn-syms", path], capture_output=True, text=True, check=True).stdout
        self.thread_local = bool(re.search(r"^  TLS ", text, re.M) or re.search(r"TPOFF|DTPMOD|DTPOFF|TLSDESC", text))
        self.needed = re.findall(r"\(NEEDED\)\s+Shared library: \[(.*)\]", text)
        symbols = re.findall(r"^ +\d+: \w+ +\d+ (\w+) +(\w+) +\w+ +(\w+) (\S+)", text, re.M)
        # name -> version; of what is defined, the versions that are taken by default
        self.imports = {n.split("@")[0]: n.partition("@")[2] for kind, _, place, n in symbols
                        if place == "UND" and kind in ("FUNC", "NOTYPE")}
        self.defined = {n.split("@")[0]: n.partition("@@")[2] for kind, _, place, n in symbols
                        if place != "UND" and "@@" in n or place != "UND" and "@" not in n}


def read_rows(table):
    rows = {}
    for line in open(table, encoding="utf-8"):
        words = line.split("#")[0].split()
        if len(words) == 3:
            rows[words[0]] = words[1]
    return rows


def search_directories():
    text = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False,
                          env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/sbin:/usr/sbin"}).stdout
    return {name: path for name, path in re.findall(r"^\s+(\S+) \(libc6,x86-64.*\) => (\S+)", text, re.M)}


class Walk:
    def __init__(self, rows, full, directories):
        self.rows, self.full, self.directories = rows, full, directories
        self.places = search_directories()
        self.libraries, self.wrong = {}, []

    def open(self, name):
        path = name if "/" in name else next(
            (os.path.join(d, name) for d in self.directories if os.path.exists(os.path.join(d, name))), self.places.get(name))
        if path is None:
            return None
        path = os.path.realpath(path)
        if path not in self.libraries:
            self.libraries[path] = Library(path)
        return self.libraries[path]

    def providers(self, library):
        """The library's needs, and theirs, breadth first, as ld.so looks."""
        found, queue = [], [library]
        while queue:
            one = queue.pop(0)
            if one is None or one in found:
                continue
            found.append(one)
            queue += [self.open(name) for name in one.needed]
        return found[1:]

    def look_at(self, name, seen):
        library = self.open(name)
        if library is None or library.path in seen:
            return
        seen.add(library.path)
        if library.thread_local or any(re.fullmatch(pattern, library.name) for pattern in self.full):
            return
        providers = self.providers(library)
        for function, version in library.imports.items():
            provider = next((p for p in providers if function in p.defined), None)
            if provider is None:
                continue
            if not provider.thread_local:
                self.look_at(provider.path, seen)
            elif function not in self.rows:
                self.wrong.append(f"{library.path}: {function}() of {provider.name} is in no row")
            elif version and self.rows[function] != "nothing" and provider.defined[function] not in ("", version.strip("@")):
                self.wrong.append(f"{library.path}: wants {function}@{version}, an entry calls @{provider.defined[function]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", required=True)
    parser.add_argument("--full", action="append", default=[], help="libraries that are known to need full crossings")
    parser.add_argument("--stamp")
    parser.add_argument("places", nargs="+", help="libraries, and directories of such")
    given = parser.parse_args()
    directories = [p for p in given.places if os.path.isdir(p)]
    walk, seen = Walk(read_rows(given.table), given.full, [os.path.dirname(d.rstrip("/")) for d in directories]), set()
    for place in given.places:
        names = [place] if os.path.isfile(place) else sorted(
            os.path.join(place, n) for n in (os.listdir(place) if os.path.isdir(place) else []) if re.search(r"\.so(\.|$)", n))
        for name in names:
            walk.look_at(name, seen)
    if walk.wrong:
        sys.exit("core/host/entries.table does not say what these need in a light crossing:\n  " + "\n  ".join(walk.wrong))
    if given.stamp:
        open(given.stamp, "w", encoding="utf-8").close()
    else:
        print(f"{len(seen)} libraries looked at")


if __name__ == "__main__":
    main()
