# SPDX-License-Identifier: Apache-2.0
"""Workers that are started, not copied: a pool of them, and shared memory with a name."""
import hashlib
import multiprocessing as mp
from multiprocessing import shared_memory


def work(n):
    digest = b""
    for i in range(300):
        digest = hashlib.sha256(digest + str(n * i).encode() * 300).digest()
    return digest


def fill(name, place, rounds):
    memory = shared_memory.SharedMemory(name)
    for i in range(rounds):
        memory.buf[place] = (memory.buf[place] * 31 + i) % 256
        work(i % 3)
    memory.close()


if __name__ == "__main__":
    mp.set_start_method("spawn")
    memory = shared_memory.SharedMemory(create=True, size=4096)
    fillers = [mp.Process(target=fill, args=(memory.name, place, 100)) for place in range(2)]
    for filler in fillers:
        filler.start()
    with mp.Pool(2) as pool:
        found = pool.map(work, range(60), chunksize=3)
    for filler in fillers:
        filler.join()
    print(hashlib.sha256(repr(found).encode()).hexdigest(), list(memory.buf[:2]), [filler.exitcode for filler in fillers])
    memory.close()
    memory.unlink()
