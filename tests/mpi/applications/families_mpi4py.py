# SPDX-License-Identifier: Apache-2.0
"""mpi4py with its defaults (MPI_THREAD_MULTIPLE, pickle): a round goes through families of calls, with objects that
live from the first round to the last (communicators, persistent requests, a window, a file, types, a second thread).

families_mpi4py.py FILE ROUNDS SECONDS. Prints "step i" and PASS.
"""
import sys
import threading
import time

from mpi4py import MPI
from mpi4py.futures import MPICommExecutor
import numpy

world = MPI.COMM_WORLD
rank, size = world.rank, world.size
path, rounds, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
left, right = (rank - 1) % size, (rank + 1) % size


class Point_to_point:
    def __init__(self):
        self.cells, self.got = numpy.zeros(500, "i4"), numpy.zeros(500, "i4")
        self.send = world.Send_init(self.cells, right, 7)
        self.receive = world.Recv_init(self.got, left, 7)
        self.column = MPI.DOUBLE.Create_vector(8, 1, 8).Commit()

    def round(self, step):
        self.cells[:] = rank * 1000 + step
        MPI.Prequest.Startall([self.receive, self.send])
        MPI.Request.Waitall([self.receive, self.send])
        assert (self.got == left * 1000 + step).all()
        pending = [world.isend({"from": rank, "step": step, "text": "é" * 3000 * (step % 3)}, right, tag=t) for t in (1, 2)]
        message = world.mprobe(left, 2)
        assert message.recv()["from"] == left
        assert world.recv(source=left, tag=1)["step"] == step
        MPI.Request.waitall(pending)
        grid = numpy.arange(64.0).reshape(8, 8) + step
        column = numpy.zeros(8)
        world.Sendrecv([grid.reshape(-1)[3:], 1, self.column], right, 3, column, left, 3)
        assert (column == numpy.arange(8) * 8 + 3 + step).all()


class Collectives:
    def __init__(self):
        self.half = world.Split(rank % 2, -rank)
        self.copy = world.Dup()
        self.longest = MPI.Op.Create(lambda a, b, _: max(a, b, key=lambda t: (len(t), t)), commute=True)

    def round(self, step):
        assert world.allreduce(rank + step) == sum(r + step for r in range(size))
        assert world.bcast(("from", step, step % size), step % size) == ("from", step, step % size)
        assert self.half.allgather(rank) == sorted((r for r in range(size) if r % 2 == rank % 2), reverse=True)
        assert world.alltoall([rank * 100 + r for r in range(size)]) == [r * 100 + rank for r in range(size)]
        assert self.copy.allreduce("x" * (rank + 1), self.longest) == "x" * size
        sums = numpy.zeros(100)
        pending = world.Iallreduce(numpy.full(100, rank + 1.0), sums)
        parts = numpy.zeros(size, "i8")
        also = self.copy.Iallgather(numpy.array([rank * step], "i8"), parts)
        MPI.Request.Waitall([pending, also])
        assert (sums == size * (size + 1) / 2).all() and (parts == numpy.arange(size) * step).all()
        counts = [r + 1 for r in range(size)]
        ragged = numpy.zeros(sum(counts), "i4")
        world.Allgatherv(numpy.full(rank + 1, step + rank, "i4"), [ragged, counts])
        assert (ragged == numpy.repeat(numpy.arange(size) + step, counts)).all()


class Topologies:
    def __init__(self):
        self.ring = world.Create_cart([size], periods=[True])
        self.graph = world.Create_dist_graph_adjacent([left], [right])
        self.mark = MPI.Comm.Create_keyval()
        self.ring.Set_attr(self.mark, {"rank": rank})

    def round(self, step):
        source, destination = self.ring.Shift(0, 1)
        assert (source, destination) == (left, right)
        assert self.graph.neighbor_allgather((rank, step)) == [(left, step)]
        assert sorted(self.ring.neighbor_alltoall([step, step])) == [step, step]
        assert self.ring.Get_attr(self.mark) == {"rank": rank}
        if size > 1:
            low = rank < size // 2
            mine = world.Split(low)
            between = mine.Create_intercomm(0, world, size // 2 if low else 0, step)
            others = between.allgather(rank)
            assert others == (list(range(size // 2, size)) if low else list(range(size // 2)))
            merged = between.Merge(high=not low)
            assert merged.allreduce(1) == size
            for comm in (merged, between, mine):
                comm.Free()


class Windows:
    def __init__(self):
        self.cells = numpy.zeros(10 + size, "i8")
        self.window = MPI.Win.Create(self.cells, 8, comm=world)
        self.shared = MPI.Win.Allocate_shared(8 * size if rank == 0 else 0, 8, comm=world.Split_type(MPI.COMM_TYPE_SHARED))
        self.window.Lock_all()
        self.drawn = 0

    def round(self, step):
        one, ticket = numpy.ones(1, "i8"), numpy.zeros(1, "i8")
        self.window.Fetch_and_op(one, ticket, 0, 0, MPI.SUM)
        self.window.Put(numpy.array([rank + step], "i8"), right, 10 + rank)
        self.window.Accumulate(numpy.full(3, rank + 1, "i8"), right, (1, 3), MPI.SUM)
        self.window.Flush_all()
        self.drawn += int(ticket[0])
        world.Barrier()
        self.window.Sync()
        assert self.cells[10 + left] == left + step
        assert (self.cells[1:4] == (left + 1) * (step + 1)).all()
        assert world.allreduce(self.drawn) == (step + 1) * size * ((step + 1) * size - 1) // 2
        memory, unit = self.shared.Shared_query(0)
        view = numpy.frombuffer(memory, "i8")
        self.shared.Fence()
        if rank < len(view):
            view[rank] = rank * step
        self.shared.Fence()
        assert view.sum() == sum(range(len(view))) * step
        world.Barrier()

    def end(self):
        self.window.Unlock_all()
        self.window.Free()


class Files:
    def __init__(self):
        self.file = MPI.File.Open(world, path, MPI.MODE_RDWR | MPI.MODE_CREATE)
        take_turns = MPI.INT.Create_resized(0, 4 * size).Commit()
        self.file.Set_view(4 * rank, MPI.INT, take_turns)

    def round(self, step):
        self.file.Write_all(numpy.full(100, step * size + rank, "i4"))
        self.file.Sync()
        world.Barrier()
        self.file.Sync()
        back = numpy.zeros(100, "i4")
        pending = self.file.Iread_at(100 * step, back)
        pending.Wait()
        assert (back == step * size + rank).all()
        assert self.file.Get_position() == 100 * (step + 1)

    def end(self):
        everything = numpy.zeros(100 * rounds, "i4")
        self.file.Read_at_all(0, everything)
        assert (everything == numpy.repeat(numpy.arange(rounds) * size + rank, 100)).all()
        self.file.Close()


class Own_requests:
    def round(self, step):
        cancelled = []
        own = MPI.Grequest.Start(lambda status: status.Set_elements(MPI.INT, step), lambda: None, cancelled.append)
        later = threading.Timer(0.01, own.Complete)
        later.start()
        status = MPI.Status()
        own.Wait(status)
        assert status.Get_count(MPI.INT) == step
        later.join()


class Executor:
    """Threads of mpi4py's own, which wait in probes."""

    def round(self, step):
        if size > 1 and step % 4 == 0:
            with MPICommExecutor(world, root=0) as pool:
                if pool is not None:
                    assert list(pool.map(pow, range(10), [2] * 10)) == [i * i for i in range(10)]


class Thread:
    """A second thread with a communicator of its own, busy throughout."""

    def __init__(self):
        self.comm = world.Dup()
        self.done = threading.Event()
        self.sums = 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        last = False
        while not last:
            got = self.comm.sendrecv(self.sums, right, source=left)
            assert got == self.sums, (got, self.sums)
            self.sums += 1
            last = self.comm.allreduce(self.done.is_set(), MPI.LAND)
            time.sleep(0.01)

    def round(self, step):
        pass

    def end(self):
        self.done.set()
        self.thread.join()
        assert world.allgather(self.sums) == [self.sums] * size and self.sums > 0


families = [make() for make in (Point_to_point, Collectives, Topologies, Windows, Files, Own_requests, Executor, Thread)]
assert MPI.Query_thread() == MPI.THREAD_MULTIPLE
for step in range(rounds):
    for family in families:
        family.round(step)
    if rank == 0:
        print(f"step {step}", flush=True)
    time.sleep(pause)
for family in families:
    if hasattr(family, "end"):
        family.end()
if world.reduce(1) == size:
    print(f"PASS {rounds} rounds of {size} ranks")
