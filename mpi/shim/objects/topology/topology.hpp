// SPDX-License-Identifier: Apache-2.0
// Topologies of communicators. What the library made of the creating call is asked once and kept as numbers; a restart
// puts it on the communicator again, without reordering: the members have the order that the first creation gave them.
//
// A kind of topology is a `Topology` in a folder of its own, with the calls that create it and a row in kinds.table.
#pragma once

#include <cstdint>
#include <vector>

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

// Functions have the guest's thread pointer and cross by themselves: behind the door or in a section.
struct Topology {
  int status;  // what MPI_Topo_test says: MPI_CART, ...
  // Writes down what apply() needs.
  void (*capture)(RealComm* comm, std::vector<int>& values);
  // A new communicator with this topology from one with the same members. Collective. MPI error code.
  int (*apply)(const std::vector<int>& values, RealComm* plain, RealComm** made);
  // How many neighbours this rank has.
  int (*neighbors)(const ompi_communicator_t& comm, bool outgoing) noexcept;
};

// Of one communicator and its duplicates. Immutable, counted with TableLock held.
struct TopologyShape {
  const Topology* topology;
  std::uint32_t references;
  std::vector<int> values;
};

TopologyShape* shape_capture(const Topology& topology, RealComm* comm);
TopologyShape* shape_share(TopologyShape* shape) noexcept;  // null stays null
void shape_drop(TopologyShape* shape) noexcept;
// Replaces *made by a communicator with the topology. Collective.
int shape_apply(const TopologyShape& shape, RealComm** made);

}  // namespace cairn::shim
