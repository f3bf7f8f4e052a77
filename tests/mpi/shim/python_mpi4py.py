# SPDX-License-Identifier: Apache-2.0
"""mpi4py: pickled objects, buffers, operations, attributes, windows, files."""
import array
import os
from mpi4py import MPI

comm = MPI.COMM_WORLD
rank, n = comm.Get_rank(), comm.Get_size()


# mpirun mixes output: each process has a file of its own.
directory = os.environ.get("SAY_DIRECTORY")
output = open(f"{directory}/{os.getpid()}", "w") if directory else None


def say(*what):
    print(f"[{rank}]", *what, flush=True, file=output)


say("level", MPI.Query_thread(), MPI.Get_library_version().split(",")[0])
say(comm.allgather({"rank": rank, "list": [1, 2, rank]}))
say(comm.sendrecv("hello " * (rank + 1), dest=(rank + 1) % n, source=(rank - 1) % n))
a, b = array.array("d", [rank + 1.0] * 4), array.array("d", [0.0] * 4)
comm.Allreduce([a, MPI.DOUBLE], [b, MPI.DOUBLE], op=MPI.PROD)
say(list(b))
op = MPI.Op.Create(lambda x, y, t: None, commute=True)
op.Free()
say(comm.allreduce((rank, "x"), op=max))
half = comm.Split(rank % 2, rank)
half.Set_name("half")
say(half.Get_name(), half.Get_size(), MPI.Comm.Compare(half, comm))
key = MPI.Comm.Create_keyval(copy_fn=lambda c, k, v: v + "!", delete_fn=lambda c, k, v: say("delete", v))
half.Set_attr(key, "value")
dup = half.Dup()
say(dup.Get_attr(key))
dup.Free()
half.Free()
MPI.Comm.Free_keyval(key)
cart = comm.Create_cart(MPI.Compute_dims(n, 2), periods=[True, False])
say(cart.Get_topo(), cart.Shift(0, 1))
cart.Free()
vector = MPI.DOUBLE.Create_vector(2, 1, 2).Commit()
say(vector.Get_envelope(), vector.Get_contents()[0], vector.Get_extent())
vector.Free()
memory = array.array("i", [0] * n)
window = MPI.Win.Create(memory, comm=comm)
window.Fence()
window.Put([array.array("i", [rank + 5]), MPI.INT], (rank + 1) % n, target=(rank * 4, 1, MPI.INT))
window.Fence()
say(list(memory))
window.Free()
requests = [comm.isend(i, dest=rank, tag=i) for i in range(3)]
say([comm.recv(source=rank, tag=i) for i in reversed(range(3))])
MPI.Request.waitall(requests)
try:
    comm.Send([a, MPI.DOUBLE], dest=n + 3)
except MPI.Exception as error:
    say("error", error.Get_error_class(), str(error))
