# SPDX-License-Identifier: Apache-2.0
"""An interpreter with threads, generators, an open file and a big dictionary."""
import os
import queue
import sys
import threading
import time

FLAG = sys.argv[1]
work, done = queue.Queue(), queue.Queue()
stop = threading.Event()


def square():
    while (n := work.get()) is not None:
        done.put((n, n * n))


def primes():
    found = []
    n = 2
    while True:
        if all(n % p for p in found if p * p <= n):
            found.append(n)
            yield n
        n += 1


threads = [threading.Thread(target=square) for _ in range(3)]
for t in threads:
    t.start()
generator, seen = primes(), []
words = {str(i): i for i in range(100000)}
out = open("primes.txt", "w")
given = 0
print("READY", flush=True)
while not os.path.exists(FLAG):
    seen.append(next(generator))
    if len(seen) > 5000:
        generator, seen = primes(), []
    work.put(given)
    given += 1
    out.write(f"{given}\n")
    time.sleep(0.001)

for t in threads:
    work.put(None)
for t in threads:
    t.join()
squares = dict(done.queue)
assert len(squares) == given and all(squares[n] == n * n for n in range(given))
fresh = primes()
assert seen == [next(fresh) for _ in seen]
assert all(words[str(i)] == i for i in range(100000))
out.close()
# By reference: what was written between checkpoint and kill may still be behind the end.
assert open("primes.txt").read().split()[:given] == [str(i + 1) for i in range(given)]
print("PASS", flush=True)
