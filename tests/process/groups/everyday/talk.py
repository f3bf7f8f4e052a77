# SPDX-License-Identifier: Apache-2.0
"""Talks with sed over two pipes."""
import subprocess, sys, hashlib
worker = subprocess.Popen(["sed", "-u", "s/[0-4]/x/g"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
digest = hashlib.sha256()
for number in range(4000):
    worker.stdin.write(f"{number * 7919}\n")
    worker.stdin.flush()
    digest.update(worker.stdout.readline().encode())
worker.stdin.close()
rest = worker.stdout.read()
assert worker.wait() == 0 and rest == ""
print(digest.hexdigest())
