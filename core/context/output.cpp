// SPDX-License-Identifier: Apache-2.0
#include "core/context/output.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/read_at.hpp"

namespace cairn::context {

namespace {

constexpr std::uint64_t kReserveMin = 16u << 20;
constexpr std::uint64_t kReserveMax = 512u << 20;
constexpr std::uint64_t kNeverReserve = ~std::uint64_t{0};

UniqueFd make_table(const char* name, int fd_base) {
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC));
  if (!fd) throw EnvironmentError(with_errno("cannot make a table in memory for the context file", errno));
  return move_high(std::move(fd), fd_base);
}

int append_record(int fd, const void* data, std::size_t bytes, std::uint64_t offset) noexcept {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = pwrite(fd, from, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : ENOSPC;
    from += n;
    bytes -= static_cast<std::size_t>(n);
    offset += static_cast<std::uint64_t>(n);
  }
  return 0;
}

}  // namespace

QuietWrites::QuietWrites() noexcept {
  static_assert(sizeof(sigset_t) <= sizeof set_);
  auto* set = reinterpret_cast<sigset_t*>(set_);
  sigset_t pending;
  sigemptyset(set);
  sigpending(&pending);
  for (const int signal : {SIGXFSZ, SIGPIPE}) {
    if (!sigismember(&pending, signal)) sigaddset(set, signal);
  }
  pthread_sigmask(SIG_BLOCK, set, reinterpret_cast<sigset_t*>(old_));
}

QuietWrites::~QuietWrites() {
  const int keep = errno;
  const timespec now{};
  while (sigtimedwait(reinterpret_cast<sigset_t*>(set_), nullptr, &now) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, reinterpret_cast<sigset_t*>(old_), nullptr);
  errno = keep;
}

UniqueFd move_high(UniqueFd fd, int base) {
  if (!fd || fd.get() >= base) return fd;
  UniqueFd high(fcntl(fd.get(), F_DUPFD_CLOEXEC, base));
  if (!high) throw EnvironmentError(with_errno("cannot move a descriptor to the host's range", errno));
  return high;
}

namespace {

// Of a pipe or FIFO, a description of our own; nothing if it is something else.
UniqueFd pipe_that_does_not_block(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) return UniqueFd();
  return UniqueFd(open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

Output::Output(int fd, bool stream, bool direct, int fd_base, std::string name)
    : own_(stream ? move_high(pipe_that_does_not_block(fd), fd_base) : UniqueFd()),
      fd_(own_ ? own_.get() : fd),
      stream_(stream),
      direct_(direct),
      name_(std::move(name)) {
  chunk_table_ = make_table("cairn-chunks", fd_base);
  run_table_ = make_table("cairn-runs", fd_base);
  void* memory = mmap(nullptr, CAIRN_CTX_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw EnvironmentError(with_errno("cannot share memory with a writing process", errno));
  shared_ = new (memory) Shared{};
  if (stream || !direct) shared_->reserved_end = kNeverReserve;
}

Output::~Output() {
  if (shared_ != nullptr) munmap(shared_, CAIRN_CTX_PAGE);
}

std::uint64_t Output::claim(std::uint64_t bytes) noexcept {
  if (!turns_) return claim_in_turn(bytes);
  take_turn();
  const std::uint64_t offset = claim_in_turn(bytes);
  end_turn();
  return offset;
}

std::uint64_t Output::claim_in_turn(std::uint64_t bytes) noexcept {
  const std::uint64_t offset = shared_->end.fetch_add(bytes);
  if (offset + bytes > shared_->reserved_end.load()) reserve(offset + bytes);
  return offset;
}

void Output::reserve(std::uint64_t end) noexcept {
  const std::uint64_t from = shared_->reserved_end.load();
  if (from == kNeverReserve || from >= end) return;
  const std::uint64_t more = std::clamp(end, kReserveMin, kReserveMax);
  const std::uint64_t to = end + more;
  const QuietWrites quiet;
  if (fallocate(fd_, 0, static_cast<off_t>(from), static_cast<off_t>(to - from)) == 0) {
    std::uint64_t seen = from;
    while (seen < to && !shared_->reserved_end.compare_exchange_weak(seen, to)) {
    }
  } else {
    shared_->reserved_end.store(kNeverReserve);
  }
}

void Output::take_turn() noexcept {
  while (shared_->turn.exchange(1) != 0) {
    const timespec again{1, 0};  // the holder may have been killed between exchange and wake: look again
    syscall(SYS_futex, &shared_->turn, FUTEX_WAIT, 1, &again, nullptr, 0);
  }
}

void Output::end_turn() noexcept {
  shared_->turn.store(0);
  syscall(SYS_futex, &shared_->turn, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

bool Output::wait_for_reader() const noexcept {
  constexpr int kLook = 20;  // milliseconds
  pollfd ready{fd_, POLLOUT, 0};
  while (shared_->given_up == 0) {
    if (poll(&ready, 1, kLook) > 0) return true;
  }
  return false;
}

int Output::write_all(iovec* pieces, unsigned count, std::uint64_t offset) noexcept {
  const QuietWrites quiet;
  while (count > 0) {
    const int batch = static_cast<int>(std::min(count, 1024u));
    const ssize_t n = stream_ ? writev(fd_, pieces, batch) : pwritev(fd_, pieces, batch, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (!wait_for_reader()) return ECANCELED;
      continue;
    }
    if (n < 0) return errno;
    if (n == 0) return ENOSPC;
    offset += static_cast<std::uint64_t>(n);
    std::size_t done = static_cast<std::size_t>(n);
    while (count > 0 && done >= pieces->iov_len) {
      done -= pieces->iov_len;
      ++pieces;
      --count;
    }
    if (count > 0) {
      pieces->iov_base = static_cast<char*>(pieces->iov_base) + done;
      pieces->iov_len -= done;
    }
  }
  return 0;
}

int Output::record(std::span<cairn_ctx_chunk> chunks, std::span<const cairn_ctx_run> runs) noexcept {
  const std::uint64_t first = shared_->runs.fetch_add(runs.size());
  if (first + runs.size() >= CAIRN_CTX_NONE) return EOVERFLOW;
  const std::uint64_t index = shared_->chunks.fetch_add(chunks.size());
  for (cairn_ctx_chunk& chunk : chunks) {
    chunk.first_run += static_cast<cairn_u32>(first);
    shared_->raw += chunk.raw;
    shared_->stored += chunk.stored;
  }
  const int failed = append_record(run_table_.get(), runs.data(), runs.size_bytes(), first * sizeof runs[0]);
  return failed != 0 ? failed
                     : append_record(chunk_table_.get(), chunks.data(), chunks.size_bytes(), index * sizeof chunks[0]);
}

std::uint64_t Output::end() const noexcept { return shared_->end; }
std::uint64_t Output::payload_raw() const noexcept { return shared_->raw; }
std::uint64_t Output::payload_stored() const noexcept { return shared_->stored; }

template <typename Record>
std::vector<Record> Output::read_table(int fd, std::uint64_t count) const {
  std::vector<Record> table(count);
  if (read_at(fd, table.data(), count * sizeof(Record), 0) != count * sizeof(Record))
    throw EnvironmentError(with_errno(name_ + ": its table in memory cannot be read", errno != 0 ? errno : EIO));
  return table;
}

std::vector<cairn_ctx_chunk> Output::chunks() const {
  return read_table<cairn_ctx_chunk>(chunk_table_.get(), shared_->chunks);
}

std::vector<cairn_ctx_run> Output::runs() const { return read_table<cairn_ctx_run>(run_table_.get(), shared_->runs); }

}  // namespace cairn::context
