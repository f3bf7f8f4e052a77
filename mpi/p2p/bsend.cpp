// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/bsend.hpp"

#include <cstddef>
#include <cstdlib>
#include <deque>

#include "mpi/crcp/door.hpp"
#include "mpi/p2p/packed.hpp"

namespace cairn::p2p {

namespace {

struct Pending {
  Request* request;
  void* bytes;
  std::size_t used;  // of the attached buffer
};

// Changed in sections.
struct Attached {
  void* address = nullptr;
  std::size_t size = 0;
  std::size_t used = 0;
  bool attached = false;
  std::deque<Pending> pending;
};

Attached& attached() noexcept {
  static Attached* const the_buffer = new Attached;
  return *the_buffer;
}

// What the real library sends at once over shared memory needs no room in the attached buffer, nor that there is one:
// programs with too small a buffer rely on it.
constexpr std::size_t kAtOnce = 4000;

std::size_t room_for(std::size_t size) noexcept { return size <= kAtOnce ? 0 : size + MPI_BSEND_OVERHEAD; }

// True if the library has sent it: then it is gone.
bool reap(const Pending& p) noexcept {
  if (!poll(*p.request)) return false;
  request_free(p.request);
  std::free(p.bytes);
  attached().used -= p.used;
  return true;
}

// Looks at two of them, in turn, for each that is added: programs have thousands pending.
void reap_some() noexcept {
  constexpr int kAtATime = 2;
  auto& pending = attached().pending;
  for (int i = 0; i < kAtATime && !pending.empty(); ++i) {
    const Pending p = pending.front();
    pending.pop_front();
    if (!reap(p)) pending.push_back(p);
  }
}

bool has_room(std::size_t room) noexcept {
  const Attached& a = attached();
  return room == 0 || (a.attached && a.used + room <= a.size);
}

// Takes the message out of the application's buffer, if the attached one has room for it.
int copy_out(const void* buffer, int count, shim::RealDatatype* type, ompi_communicator_t* comm, void** bytes,
             int* size) noexcept {
  std::size_t needed = 0;
  int rc = packed_size(count, type, comm, &needed);
  if (rc != MPI_SUCCESS) return rc;
  const std::size_t room = room_for(needed);
  if (!has_room(room)) reap_bsends();
  if (!has_room(room)) return MPI_ERR_BUFFER;
  *size = static_cast<int>(needed);  // no buffer that can be attached has room for more
  *bytes = std::malloc(needed == 0 ? 1 : needed);
  if (*bytes == nullptr) return MPI_ERR_NO_MEM;
  rc = pack(buffer, count, type, comm, *bytes, needed);
  if (rc != MPI_SUCCESS) std::free(*bytes);
  return rc;
}

// What Open MPI returns, without a word to the error handler, for a second buffer, one of no size, or none to detach: a
// program that does not look at the code goes on.
constexpr int kNoSuchBuffer = -30;

// False if there is a buffer already, or this is none.
bool attach(void* buffer, int size) noexcept {
  const crcp::Section section;
  Attached& a = attached();
  if (a.attached || size == 0) return false;
  a.address = buffer;
  a.size = static_cast<std::size_t>(size);
  a.attached = true;
  return true;
}

}  // namespace

int bsend(const void* buffer, int count, shim::RealDatatype* type, int peer, int tag,
          ompi_communicator_t* comm) noexcept {
  if (count < 0) return MPI_ERR_COUNT;
  if (peer == MPI_PROC_NULL) return MPI_SUCCESS;
  reap_some();
  Attached& a = attached();
  void* bytes = nullptr;
  int size = 0;
  int rc = copy_out(buffer, count, type, comm, &bytes, &size);
  if (rc != MPI_SUCCESS) return rc;
  Request* r = request_new(What::send);
  r->comm = comm;
  r->peer = peer;
  r->tag = tag;
  r->buffer = bytes;
  r->count = size;
  r->type.predefined = MPI_PACKED;
  rc = post(*r);
  if (rc != MPI_SUCCESS) {
    request_free(r);
    std::free(bytes);
    return rc;
  }
  const std::size_t used = room_for(static_cast<std::size_t>(size));
  a.used += used;
  a.pending.push_back({r, bytes, used});
  return MPI_SUCCESS;
}

bool reap_bsends() noexcept {
  Attached& a = attached();
  std::erase_if(a.pending, reap);
  return a.pending.empty();
}

}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Buffer_attach(void* buffer, int size) {
  if (buffer == nullptr || size < 0)
    return shim::raise(static_cast<ompi_communicator_t*>(nullptr), MPI_ERR_ARG, "MPI_Buffer_attach");
  return attach(buffer, size) ? MPI_SUCCESS : kNoSuchBuffer;
}
CAIRN_MPI_WEAK(MPI_Buffer_attach);

CAIRN_MPI_EXPORT int PMPI_Buffer_detach(void* buffer, int* size) {
  Attached& a = attached();
  if (buffer == nullptr || size == nullptr)
    return shim::raise(static_cast<ompi_communicator_t*>(nullptr), MPI_ERR_ARG, "MPI_Buffer_detach");
  if (!a.attached) return kNoSuchBuffer;
  for (;;) {
    {
      const crcp::Section section;
      crcp::duties();
      if (reap_bsends()) break;
    }
  }
  *static_cast<void**>(buffer) = a.address;
  *size = static_cast<int>(a.size);
  a.attached = false;
  a.address = nullptr;
  a.size = 0;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Buffer_detach);
