# SPDX-License-Identifier: Apache-2.0
"""A database with a write-ahead log, two connections to it, and a file without a name."""
import hashlib
import os
import sqlite3
import tempfile
import threading

base = sqlite3.connect("data.sqlite", timeout=60)
base.execute("pragma journal_mode=wal")
base.execute("create table if not exists numbers (n integer primary key, square integer)")
base.commit()
scratch = tempfile.TemporaryFile()


def fill(first):
    own = sqlite3.connect("data.sqlite", timeout=60)
    own.execute("pragma synchronous=off")  # its time is not the disk's
    for n in range(first, first + 6000):
        with own:
            own.execute("insert into numbers values (?, ?)", (n, n * n))
    own.close()


writers = [threading.Thread(target=fill, args=(first,)) for first in (0, 10000)]
for writer in writers:
    writer.start()
for n in range(1000):
    seen = base.execute("select count(*), coalesce(sum(square - n * n), 0) from numbers").fetchone()
    assert seen[1] == 0, seen
    scratch.write(hashlib.sha256(str(n).encode()).digest())
    scratch.flush()
for writer in writers:
    writer.join()
scratch.seek(0)
print(hashlib.sha256(scratch.read()).hexdigest(), base.execute("select count(*), sum(square) from numbers").fetchone(),
      base.execute("pragma integrity_check").fetchone(), sorted(n for n in os.listdir(".") if "sqlite" in n))
