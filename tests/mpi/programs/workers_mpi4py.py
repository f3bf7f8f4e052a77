# SPDX-License-Identifier: Apache-2.0
"""An mpi4py program whose ranks have workers: a subprocess that is talked to over pipes, and a pool of multiprocessing,
started before MPI as its users are told to. Prints "step i/STEPS" and PASS.

workers_mpi4py.py STEPS
"""
import multiprocessing
import subprocess
import sys
import time

HELPER = """
import sys
total = 0
for line in sys.stdin:
    total += int(line)
    print(total, flush=True)
"""


def square(n):
    return n * n


def main():
    steps = int(sys.argv[1])
    with multiprocessing.get_context("fork").Pool(2) as pool:
        from mpi4py import MPI  # asks for MPI_THREAD_MULTIPLE
        world = MPI.COMM_WORLD
        rank, size = world.Get_rank(), world.Get_size()
        helper = subprocess.Popen([sys.executable, "-c", HELPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        total = 0
        for step in range(1, steps + 1):
            squares = pool.map(square, range(rank, rank + step))
            assert squares == [n * n for n in range(rank, rank + step)], squares
            total += step
            helper.stdin.write(f"{step}\n")
            helper.stdin.flush()
            assert int(helper.stdout.readline()) == total
            assert helper.poll() is None
            assert world.allreduce(squares[0]) == sum(r * r for r in range(size))
            if rank == 0:
                print(f"step {step}/{steps}", flush=True)
            time.sleep(0.03)
        helper.stdin.close()
        assert helper.wait() == 0
    if rank == 0:
        print("PASS workers", flush=True)


main()
