// SPDX-License-Identifier: Apache-2.0
// Communicators with processes of other jobs. They work, and keep the job from being checkpointed.
#include <deque>
#include <vector>

#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/port/port.hpp"

using namespace cairn;
using namespace cairn::shim;

int PMPI_Comm_spawn(const char* command, char* argv[], int maxprocs, MPI_Info info, int root, MPI_Comm comm,
                    MPI_Comm* intercomm, int errcodes[]) {
  return comm_create<crcp::AwaitsOutsiders>(comm, intercomm, {}, "MPI_Comm_spawn", [&](RealComm** made) {
    const InfoScope real_info(info);
    return cross(real.Comm_spawn, command, argv, maxprocs, real_info.get(), root, to_real(comm), made, errcodes);
  });
}
CAIRN_MPI_WEAK(MPI_Comm_spawn);

int PMPI_Comm_spawn_multiple(int count, char* commands[], char** argvs[], const int maxprocs[], const MPI_Info infos[],
                             int root, MPI_Comm comm, MPI_Comm* intercomm, int errcodes[]) {
  return comm_create<crcp::AwaitsOutsiders>(comm, intercomm, {}, "MPI_Comm_spawn_multiple", [&](RealComm** made) {
    // Only the root's arguments mean anything.
    std::deque<InfoScope> scopes;
    std::vector<RealInfo*> real_infos;
    const bool is_root = usable(comm) && comm->rank == root && infos != nullptr;
    for (int i = 0; is_root && i < count; ++i) real_infos.push_back(scopes.emplace_back(infos[i]).get());
    return cross(real.Comm_spawn_multiple, count, commands, argvs, maxprocs, is_root ? real_infos.data() : nullptr,
                 root, to_real(comm), made, errcodes);
  });
}
CAIRN_MPI_WEAK(MPI_Comm_spawn_multiple);

int PMPI_Comm_accept(const char* port, MPI_Info info, int root, MPI_Comm comm, MPI_Comm* newcomm) {
  return comm_create<crcp::AwaitsOutsiders>(comm, newcomm, {}, "MPI_Comm_accept", [&](RealComm** made) {
    const InfoScope real_info(info);
    const RealPort real_port(port);
    return cross(real.Comm_accept, real_port.get(), real_info.get(), root, to_real(comm), made);
  });
}
CAIRN_MPI_WEAK(MPI_Comm_accept);

int PMPI_Comm_connect(const char* port, MPI_Info info, int root, MPI_Comm comm, MPI_Comm* newcomm) {
  return comm_create<crcp::AwaitsOutsiders>(comm, newcomm, {}, "MPI_Comm_connect", [&](RealComm** made) {
    const InfoScope real_info(info);
    const RealPort real_port(port);
    return cross(real.Comm_connect, real_port.get(), real_info.get(), root, to_real(comm), made);
  });
}
CAIRN_MPI_WEAK(MPI_Comm_connect);

int PMPI_Comm_join(int fd, MPI_Comm* intercomm) {
  return comm_create<crcp::AwaitsOutsiders>(MPI_COMM_SELF, intercomm, {}, "MPI_Comm_join",
                                            [&](RealComm** made) { return cross(real.Comm_join, fd, made); });
}
CAIRN_MPI_WEAK(MPI_Comm_join);

int PMPI_Comm_get_parent(MPI_Comm* parent) {
  return section_call(MPI_COMM_WORLD, "MPI_Comm_get_parent", [&] {
    Made made(parent);
    return made.settle(cross(real.Comm_get_parent, made.place()), [](RealComm* found) {
      MPI_Comm known = from_real(found);
      return known != nullptr ? known : comm_adopt(found, Origin{});
    });
  });
}
CAIRN_MPI_WEAK(MPI_Comm_get_parent);
