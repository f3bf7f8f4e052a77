// SPDX-License-Identifier: Apache-2.0
// cxx_families: families of the C++ bindings (libmpi_cxx), checked. cxx_families STOPFILE: those that survive
// checkpoints, with what they made at the start, again and again until there is STOPFILE (restart.sh).
#include <mpi.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

int rank, size, left, right, wrong;

void check(const char* what, bool so) {
  if (so) return;
  ++wrong;
  std::printf("wrong on rank %d: %s\n", rank, what);
}

// ---- what MPI calls ----
int copies, deletions, errors, released, cartesian, graphs;

void biggest(const void* in, void* inout, int n, const MPI::Datatype& type) {
  if (type != MPI::INT) check("type that an operation is given", false);
  const int* a = static_cast<const int*>(in);
  int* b = static_cast<int*>(inout);
  for (int i = 0; i < n; ++i) b[i] = a[i] > b[i] ? a[i] : b[i];
}

// Of the class that the communicator has.
int copy_comm(const MPI::Comm& comm, int, void*, void* in, void* out, bool& flag) {
  ++copies;
  if (dynamic_cast<const MPI::Cartcomm*>(&comm) != nullptr) ++cartesian;
  if (dynamic_cast<const MPI::Graphcomm*>(&comm) != nullptr) ++graphs;
  *static_cast<void**>(out) = static_cast<char*>(in) + 1;
  flag = true;
  return MPI_SUCCESS;
}

int copy_win(const MPI::Win&, int, void*, void*, void*, bool&) { return MPI_SUCCESS; }

int copy_type(const MPI::Datatype&, int, void*, const void* in, void* out, bool& flag) {
  ++copies;
  *static_cast<const void**>(out) = in;
  flag = true;
  return MPI_SUCCESS;
}

template <class Object>
int remove(Object&, int, void*, void*) {
  ++deletions;
  return MPI_SUCCESS;
}

template <class Object>
void on_error(Object&, int*, ...) {
  ++errors;
}

int query(void*, MPI::Status& status) {
  status.Set_elements(MPI::INT, 3);
  status.Set_cancelled(false);
  status.Set_source(9);
  return MPI_SUCCESS;
}

int release(void*) {
  ++released;
  return MPI_SUCCESS;
}

int cancel(void*, bool) { return MPI_SUCCESS; }

// ---- kept over checkpoints ----
struct Kept {
  MPI::Intracomm comm;
  MPI::Cartcomm ring;
  MPI::Graphcomm graph;
  MPI::Datatype vector;
  MPI::Op op;
  MPI::Group group;
  MPI::Info info;
  MPI::Errhandler handler;
  MPI::Prequest requests[2];
  int comm_key, type_key;
  int out, in;

  Kept() : comm(MPI::COMM_WORLD.Dup()), out(-1), in(-1) {
    const int dims[1] = {size};
    const bool periods[1] = {true};
    ring = comm.Create_cart(1, dims, periods, false);
    std::vector<int> index, edges;
    for (int i = 0; i < size; ++i) {
      index.push_back(i + 1);
      edges.push_back((i + 1) % size);
    }
    graph = comm.Create_graph(size, index.data(), edges.data(), false);
    vector = MPI::INT.Create_vector(2, 1, 2);
    vector.Commit();
    op.Init(biggest, true);
    group = comm.Get_group();
    info = MPI::Info::Create();
    info.Set("key", "value");
    handler = MPI::Comm::Create_errhandler(on_error<MPI::Comm>);
    comm.Set_errhandler(handler);
    comm_key = MPI::Comm::Create_keyval(copy_comm, remove<MPI::Comm>, nullptr);
    comm.Set_attr(comm_key, reinterpret_cast<void*>(40));
    ring.Set_attr(comm_key, reinterpret_cast<void*>(60));
    graph.Set_attr(comm_key, reinterpret_cast<void*>(70));
    type_key = MPI::Datatype::Create_keyval(copy_type, remove<MPI::Datatype>, nullptr);
    vector.Set_attr(type_key, reinterpret_cast<void*>(50));
    requests[0] = comm.Recv_init(&in, 1, MPI::INT, left, 1);
    requests[1] = comm.Send_init(&out, 1, MPI::INT, right, 1);
  }

  void free() {
    requests[0].Free();
    requests[1].Free();
    deletions = 0;
    ring.Free();
    graph.Free();
    comm.Free();
    vector.Free();
    check("attributes deleted with their objects", deletions == 4);
    op.Free();
    group.Free();
    info.Free();
    handler.Free();
    MPI::Comm::Free_keyval(comm_key);
    MPI::Datatype::Free_keyval(type_key);
  }
};

void use_messages(Kept& k) {
  k.out = 10 * rank;
  MPI::Prequest::Startall(2, k.requests);
  MPI::Request* both = new MPI::Request[2];
  both[0] = k.requests[0];
  both[1] = k.requests[1];
  MPI::Request::Waitall(2, both);
  delete[] both;
  check("persistent requests", k.in == 10 * left);
  int data[4] = {rank, -1, rank + 100, -1}, got[2] = {-1, -1};
  MPI::Request request = k.comm.Irecv(got, 2, MPI::INT, left, 2);
  k.comm.Send(data, 1, k.vector, right, 2);
  MPI::Status status;
  request.Wait(status);
  check("vector",
        got[0] == left && got[1] == left + 100 && status.Get_source() == left && status.Get_count(MPI::INT) == 2);
  k.comm.Isend(data, 1, MPI::INT, right, 3).Free();
  k.comm.Probe(left, 3, status);
  k.comm.Recv(got, 1, MPI::INT, left, 3);
  check("probed", status.Get_tag() == 3 && got[0] == left);
  k.comm.Sendrecv(data, 1, MPI::INT, right, 4, got, 1, MPI::INT, left, 4, status);
  check("sent and received", got[0] == left);
}

void use_objects(Kept& k) {
  int largest = -1;
  k.comm.Allreduce(&rank, &largest, 1, MPI::INT, k.op);
  check("own operation", largest == size - 1);
  int from = -1, to = -1, next = -1;
  k.ring.Shift(0, 1, from, to);
  check("ring", from == left && to == right);
  k.graph.Get_neighbors(rank, 1, &next);
  check("graph", next == right);
  check("group", k.group.Get_size() == size && k.group.Get_rank() == rank);
  char text[20] = "";
  check("info", k.info.Get("key", sizeof text - 1, text) && std::strcmp(text, "value") == 0);
  copies = deletions = errors = 0;
  void* value = nullptr;
  MPI::Intracomm dup = k.comm.Dup();
  check("attribute", dup.Get_attr(k.comm_key, &value) && value == reinterpret_cast<void*>(41) && copies == 1);
  dup.Free();
  MPI::Datatype type = k.vector.Dup();
  check("attribute of a type",
        type.Get_attr(k.type_key, &value) && value == reinterpret_cast<void*>(50) && copies == 2);
  type.Free();
  check("attributes deleted", deletions == 2);
  cartesian = graphs = 0;
  MPI::Cartcomm ring = k.ring.Dup();
  MPI::Graphcomm graph = k.graph.Dup();
  check("class of a communicator in a callback", cartesian == 1 && graphs == 1);
  ring.Free();
  graph.Free();
  k.comm.Bcast(&next, 1, MPI::INT, 99);
  k.comm.Call_errhandler(MPI::ERR_OTHER);
  check("error handler", errors == 2);
  std::vector<int> ones(size, 1), places, send, receive(size, -1);
  for (int i = 0; i < size; ++i) {
    places.push_back(4 * i);
    send.push_back(100 * rank + i);
  }
  std::vector<MPI::Datatype> types(size, MPI::INT);
  k.comm.Alltoallw(send.data(), ones.data(), places.data(), types.data(), receive.data(), ones.data(), places.data(),
                   types.data());
  for (int i = 0; i < size; ++i) check("all to all", receive[i] == 100 * i + rank);
}

// ---- what a checkpoint waits for, or is refused for ----
void exceptions() {
  MPI::Intracomm comm = MPI::COMM_WORLD.Dup();
  comm.Set_errhandler(MPI::ERRORS_THROW_EXCEPTIONS);
  int x = 0, error = MPI::SUCCESS;
  try {
    comm.Bcast(&x, 1, MPI::INT, 99);
    error = MPI::mpi_errno;  // a library that was made without exceptions says so, and keeps the error there
  } catch (MPI::Exception& e) {
    error = e.Get_error_code();
  }
  check("exception", error == MPI::ERR_ROOT);
  comm.Free();
}

void generalized() {
  MPI::Grequest request = MPI::Grequest::Start(query, release, cancel, nullptr);
  check("not complete", !request.Test());
  request.Complete();
  MPI::Status status;
  request.Wait(status);
  check("generalized request", status.Get_elements(MPI::INT) == 3 && status.Get_source() == 9 && released == 1);
}

void windows() {
  int memory = -1;
  MPI::Win win = MPI::Win::Create(&memory, sizeof memory, sizeof memory, MPI::INFO_NULL, MPI::COMM_WORLD);
  win.Fence(0);
  win.Put(&rank, 1, MPI::INT, right, 0, 1, MPI::INT);
  win.Fence(0);
  check("put", memory == left);
  deletions = errors = 0;
  int key = MPI::Win::Create_keyval(copy_win, remove<MPI::Win>, nullptr);
  win.Set_attr(key, &memory);
  void* value = nullptr;
  check("attribute of a window", win.Get_attr(key, &value) && value == &memory);
  MPI::Errhandler handler = MPI::Win::Create_errhandler(on_error<MPI::Win>);
  win.Set_errhandler(handler);
  win.Call_errhandler(MPI::ERR_OTHER);
  check("error handler of a window", errors == 1);
  handler.Free();
  win.Free();
  check("attribute deleted with its window", deletions == 1);
  MPI::Win::Free_keyval(key);
}

void files() {
  const char* directory = std::getenv("SAY_DIRECTORY");
  const std::string path = std::string(directory == nullptr ? "." : directory) + "/cxx_families.data";
  MPI::File file = MPI::File::Open(MPI::COMM_WORLD, path.c_str(),
                                   MPI::MODE_CREATE | MPI::MODE_RDWR | MPI::MODE_DELETE_ON_CLOSE, MPI::INFO_NULL);
  file.Write_at_all(4 * rank, &rank, 1, MPI::INT);
  int got = -1;
  file.Read_at_all(4 * rank, &got, 1, MPI::INT);
  check("read", got == rank && file.Get_size() == 4 * size);
  errors = 0;
  MPI::Errhandler handler = MPI::File::Create_errhandler(on_error<MPI::File>);
  file.Set_errhandler(handler);
  file.Call_errhandler(MPI::ERR_OTHER);
  check("error handler of a file", errors == 1);
  handler.Free();
  file.Close();
}

void between() {
  MPI::Intracomm half = MPI::COMM_WORLD.Split(rank % 2, rank);
  MPI::Intercomm inter = half.Create_intercomm(0, MPI::COMM_WORLD, 1 - rank % 2, 7);
  check("the other half", inter.Get_remote_size() == (size + rank % 2) / 2);
  MPI::Intracomm merged = inter.Merge(rank % 2 == 1);
  check("merged", merged.Get_size() == size);
  merged.Free();
  inter.Free();
  half.Free();
}

}  // namespace

int main(int argc, char** argv) {
  MPI::Init(argc, argv);
  rank = MPI::COMM_WORLD.Get_rank();
  size = MPI::COMM_WORLD.Get_size();
  left = (rank + size - 1) % size;
  right = (rank + 1) % size;
  Kept kept;
  bool stop = argc < 2;
  do {
    use_messages(kept);
    use_objects(kept);
    if (argc < 2) break;
    if (rank == 0) std::puts("round");
    std::fflush(stdout);
    stop = access(argv[1], F_OK) == 0;
    MPI::COMM_WORLD.Bcast(&stop, 1, MPI::BOOL, 0);
  } while (!stop);
  kept.free();
  if (argc < 2) {
    exceptions();
    generalized();
    windows();
    files();
    between();
  }
  MPI::COMM_WORLD.Allreduce(MPI::IN_PLACE, &wrong, 1, MPI::INT, MPI::SUM);
  if (wrong > 0) MPI::COMM_WORLD.Abort(1);
  if (rank == 0) std::puts("cxx: ok");
  MPI::Finalize();
  return 0;
}
