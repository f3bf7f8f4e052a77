// SPDX-License-Identifier: Apache-2.0
#include "core/context/aio.hpp"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace cairn::context {

namespace {
int process_id() noexcept { return static_cast<int>(syscall(SYS_getpid)); }
}  // namespace

bool Aio::open(unsigned depth) noexcept {
  if (context_ != 0 && owner_ == process_id()) return true;
  context_ = 0;
  if (syscall(SYS_io_setup, depth, &context_) != 0) context_ = 0;
  owner_ = process_id();
  return context_ != 0;
}

void Aio::close() noexcept {
  if (context_ != 0 && owner_ == process_id()) syscall(SYS_io_destroy, context_);
  context_ = 0;
}

bool Aio::submit(iocb* request, int fd, const iovec* pieces, unsigned count, std::uint64_t offset,
                 std::uint64_t tag) noexcept {
  std::memset(request, 0, sizeof *request);
  request->aio_lio_opcode = IOCB_CMD_PWRITEV;
  request->aio_fildes = static_cast<__u32>(fd);
  request->aio_buf = reinterpret_cast<std::uintptr_t>(pieces);
  request->aio_nbytes = count;
  request->aio_offset = static_cast<__s64>(offset);
  request->aio_data = tag;
  return syscall(SYS_io_submit, context_, 1L, &request) == 1;
}

bool Aio::wait(std::uint64_t* tag, std::int64_t* result) noexcept {
  io_event event{};
  long n;
  do {
    n = syscall(SYS_io_getevents, context_, 1L, 1L, &event, nullptr);
  } while (n < 0 && errno == EINTR);
  if (n != 1) return false;
  *tag = event.data;
  *result = event.res;
  return true;
}

}  // namespace cairn::context
