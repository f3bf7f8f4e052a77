// SPDX-License-Identifier: Apache-2.0
#include "core/context/lane_state.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

#include "core/base/error.hpp"
#include "core/base/read_at.hpp"
#include "core/context/checksum.hpp"

namespace cairn::context {

namespace {

constexpr std::uint64_t kPage = CAIRN_CTX_PAGE;

std::size_t round_up(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

void place(ChunkSlot& slot) {
  std::uint64_t at = slot.offset;
  for (unsigned i = 0; i < slot.chunk_count; ++i) {
    if (slot.chunks[i].stored == 0) continue;
    slot.chunks[i].offset = at;
    at += round_up(slot.chunks[i].stored);
  }
}

}  // namespace

Lane::State::State(Output* o, Compression c, int level, int base, bool overlapped)
    : output(o), compression(c), compressor(c, level), fd_base(base), async(overlapped) {
  const std::size_t table = round_up(sizeof(ChunkSlot) * kSlots);
  const std::size_t bounce = CAIRN_CTX_CHUNK_MAX;
  const std::size_t packed = c == Compression::none ? 0 : round_up(Compressor::room(CAIRN_CTX_CHUNK_MAX));
  mapped = table + kSlots * (bounce + packed);
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw EnvironmentError(with_errno("no memory for writing the context file", errno));
  slots = static_cast<ChunkSlot*>(memory);
  auto* buffer = static_cast<std::uint8_t*>(memory) + table;
  for (unsigned i = 0; i < kSlots; ++i) {
    auto* slot = new (&slots[i]) ChunkSlot;
    slot->bounce = buffer;
    slot->packed = packed != 0 ? buffer + bounce : nullptr;
    buffer += bounce + packed;
  }
}

Lane::State::~State() {
  drain();
  aio.close();
  munmap(slots, mapped);
}

bool Lane::State::fail(int number, const char* doing, std::uint64_t where) noexcept {
  if (error.number == 0) error = {number, doing, where};
  return false;
}

void Lane::State::start_copying() noexcept {
  copying = true;
  for (unsigned i = 0; i < kSlots; ++i) madvise(slots[i].bounce, CAIRN_CTX_CHUNK_MAX, MADV_HUGEPAGE);
}

ChunkSlot* Lane::State::slot_for(std::uint32_t target, std::uint32_t flags) noexcept {
  if (error.number != 0) return nullptr;
  ChunkSlot* slot = &slots[current];
  if (slot->full()) {
    if (!submit()) return nullptr;
    slot = &slots[current];
  }
  slot->turn_to(target, flags);
  return slot;
}

bool Lane::State::submit() noexcept {
  if (error.number != 0) return false;
  ChunkSlot& slot = slots[current];
  if (slot.empty()) return true;
  seal(slot);
  if (slot.to_write > 0) {
    const bool stream = output->stream();
    if (stream) output->take_turn();
    slot.offset = output->claim(slot.to_write);
    place(slot);
    const bool sent = send(slot);
    if (stream) output->end_turn();
    if (!sent) return false;
  }
  const int failed = output->record({slot.chunks, slot.chunk_count}, {slot.runs, slot.run_count});
  if (failed != 0) return fail(failed, "keeping the table of chunks", slot.offset);
  statistics.pages += slot.raw / kPage;
  statistics.bytes += slot.to_write;
  statistics.chunks += slot.chunk_count;
  statistics.writes += 1;
  statistics.runs += slot.run_count;
  current = (current + 1) % kSlots;
  while (slots[current].in_flight) {
    if (!wait_for_one()) return false;
  }
  slots[current].clear();
  return true;
}

// Fixes what will be written: compressed or not, its checksums and its length.
void Lane::State::seal(ChunkSlot& slot) noexcept {
  if (slot.chunks[slot.chunk_count - 1].run_count == 0) --slot.chunk_count;
  std::uint64_t raw = 0;
  slot.piece_count = 0;
  slot.to_write = 0;
  for (unsigned i = 0; i < slot.chunk_count; ++i) {
    cairn_ctx_chunk& chunk = slot.chunks[i];
    if (chunk.raw == 0) continue;
    // Compressed, it is no longer than it was: what comes before leaves room for it.
    if (pack(slot, i, slot.bounce + raw, slot.packed + slot.to_write)) {
      slot.to_write += round_up(chunk.stored);
    } else {
      chunk.stored = chunk.raw;
      chunk.compression = CAIRN_CTX_PLAIN;
      const ChunkSlot::Pieces own = slot.pieces_of[i];
      Checksum64 sum;
      for (unsigned k = own.first; k < own.first + own.count; ++k) {
        sum.update(slot.pieces[k].iov_base, slot.pieces[k].iov_len);
        slot.pieces[slot.piece_count++] = slot.pieces[k];
      }
      chunk.checksum = sum.value();
      slot.to_write += chunk.stored;
    }
    raw += chunk.raw;
  }
}

// The chunk's content becomes one piece. `bounce`: where its content is, or goes if it is not in one piece already.
bool Lane::State::pack(ChunkSlot& slot, unsigned index, std::uint8_t* bounce, std::uint8_t* packed) noexcept {
  if (compression == Compression::none) return false;
  cairn_ctx_chunk& chunk = slot.chunks[index];
  ChunkSlot::Pieces& own = slot.pieces_of[index];
  if (own.count > 1) {  // the compressors want it in one piece; what is in the buffer already never overlaps
    std::uint64_t at = 0;
    for (unsigned i = own.first; i < own.first + own.count; ++i) {
      std::memmove(bounce + at, slot.pieces[i].iov_base, slot.pieces[i].iov_len);
      at += slot.pieces[i].iov_len;
    }
    slot.pieces[own.first] = {bounce, chunk.raw};
    own.count = 1;
  }
  const std::size_t bytes = compressor.compress(slot.pieces[own.first].iov_base, chunk.raw, packed);
  if (bytes == 0) return false;
  const std::size_t padded = round_up(bytes);
  std::memset(packed + bytes, 0, padded - bytes);
  slot.pieces[slot.piece_count++] = {packed, padded};
  chunk.stored = bytes;
  chunk.compression = static_cast<cairn_u32>(compression);
  chunk.checksum = checksum64(packed, bytes);
  return true;
}

bool Lane::State::send(ChunkSlot& slot) noexcept {
  const QuietWrites quiet;
  if (async && output->direct() && aio.open(kSlots) &&
      aio.submit(&slot.request, output->fd(), slot.pieces, slot.piece_count, slot.offset,
                 static_cast<std::uint64_t>(&slot - slots))) {
    slot.in_flight = true;
    ++in_flight;
    return true;
  }
  const int failed = output->write_all(slot.pieces, slot.piece_count, slot.offset);
  return failed == 0 || fail(failed, "writing", slot.offset);
}

bool Lane::State::wait_for_one() noexcept {
  std::uint64_t tag = 0;
  std::int64_t result = 0;
  if (!aio.wait(&tag, &result) || tag >= kSlots) {
    in_flight = 0;
    for (unsigned i = 0; i < kSlots; ++i) slots[i].in_flight = false;
    return fail(errno != 0 ? errno : EIO, "waiting for the disk", 0);
  }
  ChunkSlot& slot = slots[tag];
  slot.in_flight = false;
  --in_flight;
  if (result == static_cast<std::int64_t>(slot.to_write)) return true;
  // Short or refused: let the ordinary call finish it, or say what is wrong. Start at a page boundary.
  if (result < 0 && result != -EINVAL && result != -EAGAIN) {
    return fail(static_cast<int>(-result), "writing", slot.offset);
  }
  std::uint64_t done = result > 0 ? static_cast<std::uint64_t>(result) / kPage * kPage : 0;
  const std::uint64_t offset = slot.offset + done;
  unsigned first = 0;
  for (; first < slot.piece_count && done >= slot.pieces[first].iov_len; ++first) done -= slot.pieces[first].iov_len;
  if (first == slot.piece_count) return true;
  slot.pieces[first].iov_base = static_cast<std::uint8_t*>(slot.pieces[first].iov_base) + done;
  slot.pieces[first].iov_len -= done;
  const int failed = output->write_all(slot.pieces + first, slot.piece_count - first, offset);
  return failed == 0 || fail(failed, "writing", offset);
}

void Lane::State::drain() noexcept {
  while (in_flight > 0) wait_for_one();
}

// What cannot be read (beyond the end of a mapped file) counts as zeros: touching it would be a bus error for the
// program too.
bool Lane::State::read_memory(std::uint64_t address, std::uint8_t* to, std::uint64_t pages) noexcept {
  const int self = static_cast<int>(syscall(SYS_getpid));
  if (memory_owner != self) {
    memory_fd.reset(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
    if (memory_fd && memory_fd.get() < fd_base) memory_fd.reset(fcntl(memory_fd.get(), F_DUPFD_CLOEXEC, fd_base));
    if (!memory_fd) return fail(errno, "opening /proc/self/mem", address);
    memory_owner = self;
  }
  std::uint64_t bytes = pages * kPage;
  while (bytes > 0) {
    const ssize_t n = pread(memory_fd.get(), to, bytes, static_cast<off_t>(address));
    if (n < 0 && errno == EINTR) continue;
    std::uint64_t got = n > 0 ? static_cast<std::uint64_t>(n) : 0;
    if (got == 0) {
      if (n < 0 && errno != EIO && errno != EFAULT) return fail(errno, "reading memory", address);
      got = std::min(bytes, kPage - address % kPage);
      std::memset(to, 0, got);
    }
    to += got;
    address += got;
    bytes -= got;
  }
  return true;
}

bool Lane::State::read_file(int fd, std::uint64_t offset, std::uint8_t* to, std::uint64_t bytes) noexcept {
  const std::size_t have = cairn::read_at(fd, to, bytes, offset);
  return have == bytes ||
         fail(errno != 0 ? errno : ENODATA, "reading a file that is stored with the snapshot", offset + have);
}

}  // namespace cairn::context
