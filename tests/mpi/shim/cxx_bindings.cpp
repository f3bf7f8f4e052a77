// SPDX-License-Identifier: Apache-2.0
// The C++ bindings (libmpi_cxx): objects, callbacks through its intercepts, exceptions.
#include <mpi.h>

#include <cstdio>

namespace {

void biggest(const void* in, void* inout, int n, const MPI::Datatype& type) {
  if (type != MPI::INT) std::printf("wrong type\n");
  for (int i = 0; i < n; ++i)
    if (static_cast<const int*>(in)[i] > static_cast<int*>(inout)[i])
      static_cast<int*>(inout)[i] = static_cast<const int*>(in)[i];
}

int copy(const MPI::Comm&, int, void*, void* in, void* out, bool& flag) {
  *static_cast<void**>(out) = in;
  flag = true;
  std::printf("copy %ld\n", reinterpret_cast<long>(in));
  return MPI_SUCCESS;
}

int erase(MPI::Comm&, int, void* value, void*) {
  std::printf("delete %ld\n", reinterpret_cast<long>(value));
  return MPI_SUCCESS;
}

void on_error(MPI::Comm& comm, int* code, ...) { std::printf("handler rank %d code %d\n", comm.Get_rank(), *code); }

}  // namespace

int main(int argc, char** argv) {
  MPI::Init(argc, argv);
  const int rank = MPI::COMM_WORLD.Get_rank(), n = MPI::COMM_WORLD.Get_size();
  int x = rank, y = -1;
  MPI::Op op;
  op.Init(biggest, true);
  MPI::COMM_WORLD.Allreduce(&x, &y, 1, MPI::INT, op);
  std::printf("%d biggest %d\n", rank, y);
  op.Free();
  MPI::COMM_WORLD.Allreduce(&x, &y, 1, MPI::INT, MPI::SUM);
  std::printf("%d sum %d\n", rank, y);
  const int key = MPI::Comm::Create_keyval(copy, erase, nullptr);
  MPI::COMM_WORLD.Set_attr(key, reinterpret_cast<void*>(33));
  MPI::Intracomm dup = MPI::COMM_WORLD.Dup();
  void* value = nullptr;
  std::printf("%d attribute %d %ld\n", rank, dup.Get_attr(key, &value), reinterpret_cast<long>(value));
  MPI::Errhandler handler = MPI::Comm::Create_errhandler(on_error);
  dup.Set_errhandler(handler);
  dup.Bcast(&x, 1, MPI::INT, 99);
  handler.Free();
  dup.Free();
  MPI::COMM_WORLD.Delete_attr(key);
  MPI::Datatype type = MPI::INT.Create_vector(2, 1, 2);
  type.Commit();
  int out[4] = {rank, 1, rank + 7, 3}, in[2] = {-1, -1};
  MPI::Request request = MPI::COMM_WORLD.Irecv(in, 2, MPI::INT, (rank + n - 1) % n, 4);
  MPI::COMM_WORLD.Send(out, 1, type, (rank + 1) % n, 4);
  MPI::Status status;
  request.Wait(status);
  std::printf("%d ring %d %d from %d count %d\n", rank, in[0], in[1], status.Get_source(), status.Get_count(MPI::INT));
  type.Free();
  MPI::Finalize();
  return 0;
}
