// SPDX-License-Identifier: Apache-2.0
// Payload: from the file into memory, or only looked at.
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/base/error.hpp"
#include "core/context/checksum.hpp"
#include "core/context/compressor.hpp"
#include "core/context/parallel.hpp"
#include "core/context/reader_state.hpp"
#include "core/context/verified_copies.hpp"
#include "core/context/zero.hpp"

namespace cairn::context {

namespace {

constexpr std::uint64_t kPage = CAIRN_CTX_PAGE;
constexpr std::size_t kBufferBytes = CAIRN_CTX_CHUNK_MAX + CAIRN_CTX_PAGE;
constexpr unsigned kPieces = 1024;

class PageBuffer {
 public:
  PageBuffer() : data_(static_cast<std::uint8_t*>(std::aligned_alloc(kPage, kBufferBytes))) {
    if (data_ == nullptr) throw std::bad_alloc();
  }
  ~PageBuffer() { std::free(data_); }
  PageBuffer(const PageBuffer&) = delete;
  PageBuffer& operator=(const PageBuffer&) = delete;
  std::uint8_t* get() const { return data_; }

 private:
  std::uint8_t* data_;
};

struct Buffers {
  PageBuffer packed, raw;
};

// What is still to be read, and where it is in the file.
struct Remainder {
  std::vector<iovec> pieces;
  std::uint64_t offset;
  std::size_t first = 0;
};

// Fills all pieces; false with errno, 0 for the end of the file, after what could be read.
bool read_pieces(int fd, Remainder& left, int flags = 0) {
  auto& [pieces, offset, first] = left;
  while (first < pieces.size()) {
    const int count = static_cast<int>(std::min<std::size_t>(pieces.size() - first, kPieces));
    const ssize_t n = preadv2(fd, pieces.data() + first, count, static_cast<off_t>(offset), flags);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n == 0) errno = 0;
      return false;
    }
    offset += static_cast<std::uint64_t>(n);
    auto done = static_cast<std::size_t>(n);
    while (first < pieces.size() && done >= pieces[first].iov_len) done -= pieces[first++].iov_len;
    if (first < pieces.size()) {
      pieces[first].iov_base = static_cast<char*>(pieces[first].iov_base) + done;
      pieces[first].iov_len -= done;
    }
  }
  return true;
}

}  // namespace

std::string Reader::State::place_of(const cairn_ctx_chunk& chunk) const {
  const std::string where = "byte " + std::to_string(chunk.offset);
  if (chunk.flags == CAIRN_CTX_CHUNK_OBJECT) return where + " (of " + objects[chunk.target].path + ")";
  const Area& area = areas[chunk.target].area;
  return where + " (of the area " + hex_number(area.start) + (area.path.empty() ? "" : " " + area.path.string()) + ")";
}

void Reader::State::read_chunk(const cairn_ctx_chunk& chunk, std::uint8_t* packed, bool through_cache) const {
  const std::uint64_t padded = page_round_up(chunk.stored);
  Remainder left{{{packed, padded}}, chunk.offset};
  if (through_cache || !direct_fd || !read_pieces(direct_fd.get(), left)) read(packed, padded, chunk.offset);
  if (checksum64(packed, chunk.stored) != chunk.checksum) damaged(place_of(chunk), "checksum does not match");
  if (!is_zero(packed + chunk.stored, padded - chunk.stored)) damaged(place_of(chunk), "padding is not zero");
}

void Reader::State::load_packed(const LoadJob& job, std::uint8_t* packed, std::uint8_t* raw) const {
  const cairn_ctx_chunk& chunk = *job.chunk;
  std::vector<iovec> pieces;
  add_pieces(job, pieces);
  read_chunk(chunk, packed);
  const bool straight = pieces.size() == 1;
  auto* to = straight ? static_cast<std::uint8_t*>(pieces[0].iov_base) : raw;
  if (!decompress(chunk.compression, packed, chunk.stored, to, chunk.raw)) {
    damaged(place_of(chunk), "it cannot be decompressed");
  }
  if (straight) return;
  for (const iovec& piece : pieces) {
    std::memcpy(piece.iov_base, raw, piece.iov_len);
    raw += piece.iov_len;
  }
}

// Where the chunk's content goes. Pages of zeros are made at once.
void Reader::State::add_pieces(const LoadJob& job, std::vector<iovec>& pieces) const {
  for (const cairn_ctx_run& run : runs.subspan(job.chunk->first_run, job.chunk->run_count)) {
    std::uint8_t* to = job.base + (run.address - job.origin);
    if (run.flags == CAIRN_CTX_RUN_ZERO) {
      std::memset(to, 0, std::uint64_t{run.pages} * kPage);
    } else {
      pieces.push_back({to, std::uint64_t{run.pages} * kPage});
    }
  }
}

// Straight to where they belong, then verified there; from the page cache what a verification has left there.
void Reader::State::load_plain(std::span<const LoadJob> jobs) const {
  std::vector<iovec> pieces;
  std::vector<std::size_t> ends;  // in `pieces`, of each job
  for (const LoadJob& job : jobs) {
    add_pieces(job, pieces);
    ends.push_back(pieces.size());
  }
  Remainder left{pieces, jobs.front().chunk->offset};
  if (!read_pieces(fd.get(), left, RWF_NOWAIT) && !(direct_fd && read_pieces(direct_fd.get(), left)) &&
      !read_pieces(fd.get(), left)) {
    if (errno != 0) unreadable(left.offset, errno);
    damaged(left.offset, "the file ends here");
  }
  for (std::size_t i = 0, piece = 0; i < jobs.size(); ++i) {
    Checksum64 sum;
    for (; piece < ends[i]; ++piece) sum.update(pieces[piece].iov_base, pieces[piece].iov_len);
    if (sum.value() != jobs[i].chunk->checksum) damaged(place_of(*jobs[i].chunk), "checksum does not match");
  }
}

void Reader::State::load_group(std::span<const LoadJob> jobs, std::uint8_t* packed, std::uint8_t* raw) const {
  const cairn_ctx_chunk& first = *jobs.front().chunk;
  if (first.stored == 0) {
    std::vector<iovec> none;
    add_pieces(jobs.front(), none);
  } else if (first.compression == CAIRN_CTX_PLAIN) {
    load_plain(jobs);
  } else {
    load_packed(jobs.front(), packed, raw);
  }
}

// Chunks that lie one behind the other in the file, and are there as they were in memory, are read together: those of
// small areas. Returns where each group ends.
std::vector<std::size_t> Reader::State::group(std::span<const LoadJob> jobs) const {
  std::vector<std::size_t> ends;
  std::uint64_t bytes = 0, count = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const cairn_ctx_chunk& chunk = *jobs[i].chunk;
    const cairn_ctx_chunk* before = i > 0 ? jobs[i - 1].chunk : nullptr;
    const bool joins = before != nullptr && before->compression == CAIRN_CTX_PLAIN && before->stored != 0 &&
                       chunk.compression == CAIRN_CTX_PLAIN && chunk.stored != 0 &&
                       chunk.offset == before->offset + before->stored && bytes + chunk.stored <= CAIRN_CTX_CHUNK_MAX &&
                       count + chunk.run_count <= kPieces;
    if (!joins) {
      if (i > 0) ends.push_back(i);
      bytes = count = 0;
    }
    bytes += chunk.stored;
    count += chunk.run_count;
  }
  if (!jobs.empty()) ends.push_back(jobs.size());
  return ends;
}

void Reader::load(std::span<const LoadTarget> targets, unsigned threads) const {
  const State& s = *state_;
  std::vector<LoadJob> jobs;
  for (const LoadTarget& target : targets) {
    if (target.area >= s.areas.size()) throw ArgumentError(s.name + " has no area " + std::to_string(target.area));
    const ChunkRange range = s.area_chunks[target.area];
    for (std::uint32_t i = range.first; i < range.last; ++i) {
      jobs.push_back({&s.chunks[i], static_cast<std::uint8_t*>(target.destination), s.areas[target.area].area.start});
    }
  }
  const std::vector<std::size_t> ends = s.group(jobs);
  parallel_for<Buffers>(ends.size(), threads, [&](std::size_t i, Buffers& buffers) {
    const std::size_t first = i == 0 ? 0 : ends[i - 1];
    s.load_group(std::span(jobs).subspan(first, ends[i] - first), buffers.packed.get(), buffers.raw.get());
  });
}

void Reader::verify_copy(std::uint32_t object, VerifiedCopies& copies) const {
  const std::string path = object_path(object);
  if (!path.empty() && copies.has(path)) return;
  try {
    open_object(object, false);
  } catch (const Error& error) {
    if (path.empty() || !copies.originals_serve() || original(object) != Original::identical) throw;
    copies.add_unusable(
        path, std::string(error.what()) + "; " + objects()[object].path + " itself is here and the same, and is used");
    return;
  }
  copies.add(path);
}

void Reader::verify_all(unsigned threads, bool fill_cache, VerifiedCopies* copies) const {
  const State& s = *state_;
  parallel_for<Buffers>(s.chunks.size(), threads, [&](std::size_t i, Buffers& buffers) {
    const cairn_ctx_chunk& chunk = s.chunks[i];
    if (fill_cache && i + threads < s.chunks.size()) {  // the disk goes on while this one is summed up
      const cairn_ctx_chunk& next = s.chunks[i + threads];
      posix_fadvise(s.fd.get(), static_cast<off_t>(next.offset), static_cast<off_t>(next.stored), POSIX_FADV_WILLNEED);
    }
    if (chunk.stored == 0) return;
    s.read_chunk(chunk, buffers.packed.get(), fill_cache);
    if (chunk.compression != CAIRN_CTX_PLAIN &&
        !decompress(chunk.compression, buffers.packed.get(), chunk.stored, buffers.raw.get(), chunk.raw)) {
      s.damaged(s.place_of(chunk), "it cannot be decompressed");
    }
  });
  VerifiedCopies own(false);
  struct Nothing {};
  parallel_for<Nothing>(s.objects.size(), threads, [&](std::size_t i, Nothing&) {
    if (s.objects[i].kind != CAIRN_CTX_OBJECT_REFERENCE)
      verify_copy(static_cast<std::uint32_t>(i), copies != nullptr ? *copies : own);
  });
}

}  // namespace cairn::context
