// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/wrap.hpp"

#include <cstdlib>

namespace cairn::shim {

// Open MPI 4.1 looks at as many types as a Cartesian communicator has neighbours even where the call has one a peer
// (MPI_Ialltoallw): what lies behind the caller's types is made harmless.
TypeArray::TypeArray(int count) {
  constexpr int kBehind = 64;
  real_ = static_cast<RealDatatype**>(std::malloc((static_cast<std::size_t>(count) + kBehind) * sizeof *real_));
  for (int i = count; i < count + kBehind; ++i) real_[i] = to_real(MPI_BYTE);
}

TypeArray::TypeArray(const MPI_Datatype* types, int count) {
  if (types == nullptr || count < 0) return;
  *this = TypeArray(count);
  for (int i = 0; i < count; ++i) real_[i] = to_real(types[i]);
}

TypeArray::~TypeArray() { std::free(real_); }

HeldTypes::HeldTypes(const MPI_Datatype* types, int count) : given_(types != nullptr) {
  for (int i = 0; given_ && i < count; ++i) held_.emplace_back(types[i]);
}

RealDatatype** HeldTypes::real() {
  if (!given_) return nullptr;
  array_ = TypeArray(static_cast<int>(held_.size()));
  for (std::size_t i = 0; i < held_.size(); ++i) array_.get()[i] = held_[i].real();
  return array_.get();
}

int peer_count(const ompi_communicator_t* comm) noexcept {
  if (!usable(comm)) return 0;
  return comm->inter ? comm->remote_size : comm->size;
}

int member_count(const ompi_communicator_t* comm) noexcept { return usable(comm) ? comm->size : 0; }

int root_count(const ompi_communicator_t* comm, int root) noexcept {
  if (!usable(comm)) return 0;
  return root == (comm->inter ? MPI_ROOT : comm->rank) ? peer_count(comm) : 0;
}

namespace {

void drop_kept(void* data) noexcept { delete static_cast<Kept*>(data); }

}  // namespace

MPI_Request track_request(RealRequest* made, p2p::RequestKind kind, ompi_communicator_t* comm, Kept kept) {
  return p2p::adopt_request(made, kind, comm, {drop_kept, new Kept(std::move(kept))});
}

}  // namespace cairn::shim
