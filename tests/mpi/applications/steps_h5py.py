# SPDX-License-Identifier: Apache-2.0
"""h5py over MPI: a file open over all steps, collective and independent writes, a resized dataset, attributes.

steps_h5py.py FILE STEPS SECONDS. Prints "step i" and PASS.
"""
import sys
import time

from mpi4py import MPI
import h5py
import numpy

world = MPI.COMM_WORLD
rank, size = world.rank, world.size
path, steps, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
WIDTH = 256


def cells(step, owner):
    return numpy.arange(WIDTH) + 1000.0 * owner + 1e6 * step


with h5py.File(path, "w", driver="mpio", comm=world) as f:
    grown = f.create_dataset("grown", (1, size, WIDTH), maxshape=(None, size, WIDTH), dtype="f8", chunks=(1, 1, WIDTH))
    fixed = f.create_dataset("fixed", (steps, size), dtype="i8")
    for step in range(steps):
        grown.resize(step + 1, axis=0)
        with grown.collective:
            grown[step, rank] = cells(step, rank)
        fixed[step, rank] = step * size + rank
        f.attrs["last"] = step
        if step:
            assert (grown[step - 1, rank] == cells(step - 1, rank)).all()
        world.Barrier()
        if rank == 0:
            print(f"step {step}", flush=True)
        time.sleep(pause)

with h5py.File(path, "r", driver="mpio", comm=world) as f:
    assert f.attrs["last"] == steps - 1
    for step in range(steps):
        for owner in range(size):
            assert (f["grown"][step, owner] == cells(step, owner)).all(), (step, owner)
    assert (f["fixed"][:] == numpy.arange(steps * size).reshape(steps, size)).all()
if world.allreduce(1) == size and rank == 0:
    print(f"PASS {steps} steps of {size} ranks")
