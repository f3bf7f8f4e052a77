// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/pipe_content.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::state {
namespace {

std::size_t bytes_in(int pipe) {
  int bytes = 0;
  return ioctl(pipe, FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

// A second pipe with the same content, to be read.
class Copy {
 public:
  Copy(int original, unsigned capacity) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw TemporaryError(with_errno("cannot be looked into", errno));
    reading_.reset(ends[0]);
    writing_.reset(ends[1]);
    constexpr unsigned kLeast = 8192;  // so that there is room behind one buffer that has been taken
    if (fcntl(writing_.get(), F_SETPIPE_SZ, static_cast<long>(std::max(capacity, kLeast))) < 0)
      throw TemporaryError(with_errno("is larger than another may be", errno));
    const std::size_t all = bytes_in(original);
    if (all == 0) return;
    const ssize_t copied = tee(original, writing_.get(), all, SPLICE_F_NONBLOCK);
    if (copied != static_cast<ssize_t>(all) || left() != all)
      throw TemporaryError("changes although the program stands, or cannot be copied as a whole");
  }
  std::size_t left() const { return bytes_in(reading_.get()); }
  // As many bytes as one read() gives, at most `size`.
  std::vector<std::uint8_t> read_once(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    const ssize_t got = size == 0 ? 0 : read(reading_.get(), bytes.data(), size);
    if (got < 0) throw TemporaryError(with_errno("cannot be looked into", errno));
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
  // A byte behind all others, where there is room for it.
  bool mark_end() { return write(writing_.get(), "", 1) == 1; }

 private:
  UniqueFd reading_, writing_;
};

// What has no packets can be read in one piece, and together with a byte that is written behind it.
bool is_plain(Copy& copy, std::vector<std::uint8_t>& bytes) {
  const std::size_t all = copy.left();
  bytes = copy.read_once(all - 1);
  if (bytes.size() != all - 1 || copy.left() != 1 || !copy.mark_end()) return false;
  const auto last = copy.read_once(2);
  bytes.push_back(last[0]);
  return last.size() == 2;
}

// Of one copy a byte is taken at a time: with it goes the packet that it was in. Whether a single byte was one shows
// when more is asked for.
PipeContent read_packets(Copy& lengths, Copy& contents) {
  PipeContent content;
  content.packets = true;
  for (std::size_t left; (left = lengths.left()) > 0;) {
    lengths.read_once(1);
    const std::size_t length = left - lengths.left();
    if (length == 1 && contents.left() == 1) contents.mark_end();
    content.pieces.push_back(contents.read_once(length + 1));
    if (content.pieces.back().size() != length)
      throw TemporaryError("holds packets and bytes that are none (O_DIRECT was changed)");
  }
  return content;
}

}  // namespace

PipeContent look_into_pipe(int reading, unsigned capacity) {
  PipeContent content;
  Copy copy(reading, capacity);
  if (copy.left() == 0) return content;
  std::vector<std::uint8_t> bytes;
  if (is_plain(copy, bytes)) {
    content.pieces.push_back(std::move(bytes));
    return content;
  }
  Copy lengths(reading, capacity), contents(reading, capacity);
  return read_packets(lengths, contents);
}

bool fill_pipe(int writing, const PipeContent& content) {
  const int flags = fcntl(writing, F_GETFL);
  const int wanted = O_NONBLOCK | (content.packets ? O_DIRECT : 0);
  if (flags < 0 || fcntl(writing, F_SETFL, (flags & ~O_DIRECT) | wanted) != 0) return false;
  for (const auto& piece : content.pieces) {
    const ssize_t written = write(writing, piece.data(), piece.size());
    if (written < 0) return false;
    if (static_cast<std::size_t>(written) != piece.size()) {
      errno = ENOSPC;
      return false;
    }
  }
  return fcntl(writing, F_SETFL, flags) == 0;
}

}  // namespace cairn::state
