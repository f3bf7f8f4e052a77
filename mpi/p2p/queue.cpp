// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/queue.hpp"

#include <climits>
#include <cstdlib>

#include "mpi/p2p/synchronous.hpp"

namespace cairn::p2p {

namespace {

shim::RealComm* self_copy = nullptr;
constexpr int kTag = 1;
constexpr std::size_t kBlock = std::size_t{1} << 30;

// What is sent, or the room for what is received.
struct Side {
  void* buffer;
  int count;
  shim::RealDatatype* type;
};

// On the host's side.
int through_self(const Side& from, const Side& to, MPI_Status& status) noexcept {
  shim::RealRequest* requests[2];
  MPI_Status statuses[2];
  int rc = shim::real.Irecv(to.buffer, to.count, to.type, 0, kTag, self_copy, &requests[0]);
  if (rc != MPI_SUCCESS) return rc;
  rc = shim::real.Isend(from.buffer, from.count, from.type, 0, kTag, self_copy, &requests[1]);
  if (rc != MPI_SUCCESS) return rc;
  const int received = shim::real.Wait(&requests[0], &statuses[0]);
  const int sent = shim::real.Wait(&requests[1], &statuses[1]);
  status = statuses[0];
  return received != MPI_SUCCESS ? received : sent;
}

}  // namespace

crcp::QueuedMessage* find_queued(crcp::CommState& state, int source, int tag) noexcept {
  for (crcp::QueuedMessage& m : state.queue) {
    const bool source_matches = source == MPI_ANY_SOURCE || source == m.source;
    // Negative tags belong to the library; a wildcard never matches them, nor is one ever queued.
    if (source_matches && (tag == MPI_ANY_TAG || tag == m.tag)) return &m;
  }
  return nullptr;
}

crcp::QueuedMessage take_queued(crcp::CommState& state, crcp::QueuedMessage* message) noexcept {
  const crcp::QueuedMessage taken = *message;
  for (auto i = state.queue.begin(); i != state.queue.end(); ++i) {
    if (&*i != message) continue;
    state.queue.erase(i);
    break;
  }
  if (!anything_queued()) crcp::attention_clear(crcp::kQueued);
  return taken;
}

int deliver(crcp::QueuedMessage& message, void* buffer, int count, shim::RealDatatype* type,
            MPI_Status& status) noexcept {
  BytesType bytes = bytes_type(message.size);
  const Side from{message.bytes, bytes.count, bytes.type}, to{buffer, count, type};
  int rc = cross([&]() noexcept { return through_self(from, to, status); });
  // Open MPI 4.1 does not notice that a message of some hundred bytes from the process itself is cut off.
  if (rc == MPI_SUCCESS && status._ucount < message.size) {
    rc = MPI_ERR_TRUNCATE;
    status._ucount = message.size;
  }
  release_bytes_type(bytes);
  status.MPI_SOURCE = message.source;
  status.MPI_TAG = message.tag;
  std::free(message.bytes);
  message.bytes = nullptr;
  acknowledge(message);
  return rc;
}

int send_to_self(const void* buffer, int count, shim::RealDatatype* type, void* bytes, std::size_t size) noexcept {
  BytesType as_bytes = bytes_type(size);
  MPI_Status status;
  const Side from{const_cast<void*>(buffer), count, type}, to{bytes, as_bytes.count, as_bytes.type};
  const int rc = cross([&]() noexcept { return through_self(from, to, status); });
  release_bytes_type(as_bytes);
  return rc;
}

void envelope_status(const crcp::QueuedMessage& message, MPI_Status& status) noexcept {
  empty_status(status);
  status.MPI_SOURCE = message.source;
  status.MPI_TAG = message.tag;
  status._ucount = message.size;
}

BytesType bytes_type(std::size_t size) noexcept {
  if (size <= INT_MAX) return {shim::to_real(MPI_BYTE), static_cast<int>(size), false};
  const auto blocks = static_cast<int>(size / kBlock);
  const auto rest = static_cast<int>(size % kBlock);
  shim::RealDatatype* made = nullptr;
  shim::RealDatatype* const byte = shim::to_real(MPI_BYTE);
  cross([&]() noexcept {
    shim::RealDatatype *block, *body;
    shim::real.Type_contiguous(static_cast<int>(kBlock), byte, &block);
    shim::real.Type_contiguous(blocks, block, &body);
    int lengths[2] = {1, rest};
    MPI_Aint displacements[2] = {0, static_cast<MPI_Aint>(kBlock) * blocks};
    shim::RealDatatype* types[2] = {body, byte};
    shim::real.Type_create_struct(2, lengths, displacements, types, &made);
    shim::real.Type_commit(&made);
    shim::real.Type_free(&block);
    shim::real.Type_free(&body);
    return 0;
  });
  return {made, 1, true};
}

void release_bytes_type(BytesType& type) noexcept {
  if (!type.made) return;
  cross([&]() noexcept { return shim::real.Type_free(&type.type); });
  type.made = false;
}

int make_private_copy(ompi_communicator_t& of, shim::RealComm*& copy) noexcept {
  shim::RealComm* const original = shim::to_real(&of);
  return cross([&]() noexcept {
    const int made = shim::real.Comm_dup(original, &copy);
    if (made != MPI_SUCCESS) return made;
    return shim::real.Comm_set_errhandler(copy, shim::real_objects.errors_return);
  });
}

int make_private_self() noexcept { return make_private_copy(*MPI_COMM_SELF, self_copy); }

void free_private_self() noexcept {
  if (self_copy == nullptr) return;
  cross([&]() noexcept { return shim::real.Comm_free(&self_copy); });
  self_copy = nullptr;
}

shim::RealComm* private_self() noexcept { return self_copy; }

bool anything_queued() noexcept {
  for (const crcp::CommState* state : crcp::comm_states())
    if (!state->queue.empty()) return true;
  return false;
}

}  // namespace cairn::p2p
