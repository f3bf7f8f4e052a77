# SPDX-License-Identifier: Apache-2.0
"""An mpi4py program: pickled objects, buffers, sub-communicators, persistent requests. Prints "step i/20" and PASS.

pi_mpi4py.py SECONDS
"""
import random
import sys
import time

from mpi4py import MPI  # asks for MPI_THREAD_MULTIPLE

STEPS = 20
world = MPI.COMM_WORLD
rank, size = world.Get_rank(), world.Get_size()
half = world.Split(rank % 2, rank)
pause = float(sys.argv[1]) / STEPS
generator = random.Random(rank)
cells = bytearray(1000)
history = []
left = bytearray(1000)
receive = world.Recv_init([left, MPI.BYTE], source=(rank - 1) % size, tag=5)

for step in range(1, STEPS + 1):
    inside = sum(generator.random() ** 2 + generator.random() ** 2 < 1 for _ in range(2000))
    total = world.allreduce(inside)
    everyone = world.allgather({"rank": rank, "step": step, "text": "x" * (rank + step)})
    assert [e["rank"] for e in everyone] == list(range(size))
    assert all(len(e["text"]) == e["rank"] + step for e in everyone)
    assert half.allreduce(1) == half.Get_size()
    cells[:] = bytes([(rank + step) % 256]) * 1000
    receive.Start()
    world.Send([cells, MPI.BYTE], dest=(rank + 1) % size, tag=5)
    receive.Wait()
    assert left == bytes([((rank - 1) % size + step) % 256]) * 1000
    history.append(total)
    if rank == 0:
        print(f"step {step}/{STEPS} inside {total}", flush=True)
    time.sleep(pause)

receive.Free()
half.Free()
again = [random.Random(r) for r in range(size)]
for step in range(STEPS):
    expected = sum(sum(g.random() ** 2 + g.random() ** 2 < 1 for _ in range(2000)) for g in again)
    assert history[step] == expected, (step, history[step], expected)
if rank == 0:
    print(f"PASS pi is about {4 * sum(history) / (2000 * size * STEPS):.4f}")
