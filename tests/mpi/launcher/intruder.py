#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stranger at mpirun's socket for tools, written from docs/coordinator.md alone: SOCKET [COOKIE].

Asks for a checkpoint with a wrong cookie or none, and prints the type and text of the answer. Succeeds if it is refused.
"""
import os
import socket
import struct
import sys

GREETING = b"cairn-tools-1\n"
PERMISSION = 4


def record(**fields):
    text = struct.pack("<I", len(fields))
    for name, value in fields.items():
        text += struct.pack("<H", len(name)) + name.encode() + struct.pack("<I", len(value)) + value.encode()
    return text


def fields_of(text):
    found, at = {}, 4
    for _ in range(struct.unpack_from("<I", text)[0]):
        parts = []
        for kind in ("<H", "<I"):
            length = struct.unpack_from(kind, text, at)[0]
            at += struct.calcsize(kind) + length
            parts.append(text[at - length:at].decode())
        found[parts[0]] = parts[1]
    return found


def main():
    directory, name = os.path.split(sys.argv[1])
    os.chdir(directory)  # the path may be too long for a socket's name
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(30)
    peer.connect(name)
    stream = peer.makefile("rb")
    if stream.read(len(GREETING)) != GREETING:
        print("no greeting")
        return 2
    request = "".join(sys.argv[2:3]).encode() + record(type="checkpoint")
    peer.sendall(struct.pack("<I", len(request)) + request)
    length = stream.read(4)
    answer = fields_of(stream.read(struct.unpack("<I", length)[0]))
    print(answer["type"], answer.get("code"), answer.get("text"))
    return 0 if answer["type"] == "failed" and int(answer["code"]) == PERMISSION else 1


if __name__ == "__main__":
    sys.exit(main())
