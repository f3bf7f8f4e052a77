// SPDX-License-Identifier: Apache-2.0
// Linux's asynchronous I/O, as far as writing needs it: a few writes on their way to the disk while the next chunk
// is being checksummed, without another thread (a forked child of a multithreaded process had better not make
// any). Raw system calls; no allocation, no exceptions. One thread. docs: io_submit(2).
#pragma once

#include <linux/aio_abi.h>
#include <sys/uio.h>

#include <cstdint>

namespace cairn::context {

class Aio {
 public:
  Aio() = default;
  ~Aio() { close(); }
  Aio(const Aio&) = delete;
  Aio& operator=(const Aio&) = delete;

  // False if the kernel has none for us (limits, seccomp, ENOSYS): write synchronously then. Its ring is a mapping
  // whose address the kernel chooses; close() removes it. A context made before fork() is not the child's.
  bool open(unsigned depth) noexcept;
  void close() noexcept;
  bool is_open() const noexcept { return context_ != 0; }

  // `request` and the pieces must stay until wait() has returned `tag`. False: not submitted.
  bool submit(iocb* request, int fd, const iovec* pieces, unsigned count, std::uint64_t offset,
              std::uint64_t tag) noexcept;
  // Waits for one write to end. Its result: bytes written, or -errno.
  bool wait(std::uint64_t* tag, std::int64_t* result) noexcept;

 private:
  aio_context_t context_ = 0;
  int owner_ = 0;  // pid
};

}  // namespace cairn::context
