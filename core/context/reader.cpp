// SPDX-License-Identifier: Apache-2.0
#include "core/context/reader.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/read_at.hpp"
#include "core/context/checksum.hpp"
#include "core/context/image_name.hpp"
#include "core/context/reader_state.hpp"
#include "core/context/zero.hpp"

namespace cairn::context {

namespace {

constexpr std::uint64_t kPage = CAIRN_CTX_PAGE;
constexpr std::uint64_t kStep = 64u << 20;  // metadata is taken in such steps: memory follows what was really read

// May a context file begin so?
bool is_beginning(const std::string& bytes) {
  constexpr cairn_u64 magic = CAIRN_CTX_MAGIC;
  return std::memcmp(bytes.data(), &magic, bytes.size()) == 0;
}

// Copies what cannot be read twice into a file that nobody else sees; not more of it than shows that it is none.
UniqueFd spool(int from, const std::string& name) {
  const char* tmpdir = std::getenv("TMPDIR");
  std::string path = std::string(tmpdir != nullptr && *tmpdir != '\0' ? tmpdir : "/tmp") + "/cairn-XXXXXX";
  UniqueFd to(mkostemp(path.data(), O_CLOEXEC));
  if (!to) throw EnvironmentError(with_errno("cannot create a temporary file for " + name + " (see TMPDIR)", errno));
  unlink(path.c_str());
  complete_mode(to.get(), 0600);  // it is opened again
  std::vector<char> buffer(1u << 20);
  std::string begin;
  for (;;) {
    const ssize_t n = ::read(from, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {  // opened without waiting; somebody writes
      pollfd ready{from, POLLIN, 0};
      poll(&ready, 1, -1);
      continue;
    }
    if (n < 0) throw EnvironmentError(with_errno("cannot read " + name, errno));
    if (n == 0) return to;
    begin.append(buffer.data(), std::min(static_cast<std::size_t>(n), sizeof(cairn_u64) - begin.size()));
    if (!is_beginning(begin)) throw PermanentError(name + " is not a context file");
    for (ssize_t done = 0; done < n;) {
      const ssize_t w = ::write(to.get(), buffer.data() + done, static_cast<std::size_t>(n - done));
      if (w < 0 && errno != EINTR) throw EnvironmentError(with_errno("cannot copy " + name + " to " + path, errno));
      if (w > 0) done += w;
    }
  }
}

template <std::size_t N>
bool is_text(const char (&field)[N]) {
  return std::memchr(field, 0, N) != nullptr;
}

}  // namespace

std::string hex_number(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, value);
  return text;
}

void Reader::State::damaged(const std::string& place, const std::string& what) const {
  throw PermanentError(name + " is damaged: " + place + ": " + what);
}

void Reader::State::damaged(std::uint64_t offset, const std::string& what) const {
  damaged("byte " + std::to_string(offset), what);
}

void Reader::State::unreadable(std::uint64_t offset, int error) const {
  throw EnvironmentError(with_errno("cannot read " + name + " at byte " + std::to_string(offset), error));
}

void Reader::State::read(void* to, std::uint64_t bytes, std::uint64_t offset) const {
  const std::size_t have = read_at(fd.get(), to, bytes, offset);
  if (have == bytes) return;
  if (errno != 0) unreadable(offset + have, errno);
  damaged(offset + have, "the file ends here, but it was longer when it was opened");
}

void Reader::State::read_header() {
  if (length < kPage) throw PermanentError(name + " is not a context file: only " + std::to_string(length) + " bytes");
  std::vector<std::uint8_t> page(kPage);
  read(page.data(), kPage, 0);
  std::memcpy(&header, page.data(), sizeof header);
  if (header.magic != CAIRN_CTX_MAGIC) throw PermanentError(name + " is not a context file");
  if (header.version != CAIRN_CTX_VERSION) {
    throw PermanentError(name + " has format version " + std::to_string(header.version) + "; this program reads " +
                         std::to_string(CAIRN_CTX_VERSION));
  }
  if (header.endianness != CAIRN_CTX_LITTLE_ENDIAN || header.machine != CAIRN_CTX_X86_64) {
    throw PermanentError(name + " was written on another kind of machine");
  }
  if (header.checksum != checksum64(&header, offsetof(cairn_ctx_header, checksum))) {
    damaged("header", "checksum does not match");
  }
  if (header.header_size != sizeof header || header.page_size != kPage || header.arena_top % kPage != 0 ||
      !is_zero(page.data() + sizeof header, kPage - sizeof header)) {
    damaged("header", "sizes do not make sense");
  }
  if (!is_text(header.cpu_vendor) || !is_text(header.kernel_release) || !is_text(header.libc_version) ||
      !is_text(header.boot_id) || !is_text(header.hostname) || !is_text(header.program) || !is_text(header.writer)) {
    damaged("header", "a text does not end");
  }
}

void Reader::State::read_trailer() {
  static const char* const kNotWhole = " is not whole: the checkpoint that wrote it was interrupted, or it was cut";
  if (length % kPage != 0 || length < 3 * kPage) throw PermanentError(name + kNotWhole);
  std::vector<std::uint8_t> page(kPage);
  read(page.data(), kPage, length - kPage);
  std::memcpy(&trailer, page.data(), sizeof trailer);
  if (trailer.magic != CAIRN_CTX_TRAILER_MAGIC) throw PermanentError(name + kNotWhole);
  if (trailer.checksum != checksum64(&trailer, offsetof(cairn_ctx_trailer, checksum))) {
    damaged("trailer", "checksum does not match");
  }
  if (trailer.length != length || trailer.header_checksum != header.checksum) throw PermanentError(name + kNotWhole);
  const std::uint64_t index_bytes = page_round_up(std::uint64_t{trailer.index_count} * sizeof(cairn_ctx_section));
  if (trailer.version != CAIRN_CTX_VERSION || trailer.index_count > CAIRN_CTX_SECTIONS_MAX ||
      trailer.metadata_offset % kPage != 0 || trailer.index_offset % kPage != 0 || trailer.metadata_offset < kPage ||
      trailer.metadata_offset > trailer.index_offset || trailer.index_offset > length - kPage ||
      index_bytes != length - kPage - trailer.index_offset ||
      !is_zero(page.data() + sizeof trailer, kPage - sizeof trailer)) {
    damaged("trailer", "offsets do not make sense");
  }
}

void Reader::State::read_index() {
  const std::uint64_t bytes = std::uint64_t{trailer.index_count} * sizeof(cairn_ctx_section);
  std::vector<std::uint8_t> pages(page_round_up(bytes));
  read(pages.data(), pages.size(), trailer.index_offset);
  if (checksum64(pages.data(), bytes) != trailer.index_checksum) damaged("index", "checksum does not match");
  if (!is_zero(pages.data() + bytes, pages.size() - bytes)) damaged("index", "padding is not zero");
  index.resize(trailer.index_count);
  std::memcpy(index.data(), pages.data(), bytes);
  std::uint64_t at = trailer.metadata_offset;
  for (const cairn_ctx_section& s : index) {
    if (s.offset != at || s.length > trailer.index_offset - at || s.reserved != 0 ||
        (s.flags & ~CAIRN_CTX_SECTION_OPTIONAL) != 0) {
      damaged("index", "the section of type " + std::to_string(s.type) + " is not where it should be");
    }
    at = std::min((s.offset + s.length + 7) & ~std::uint64_t{7}, trailer.index_offset);
  }
  if (page_round_up(at) != trailer.index_offset) damaged("index", "the sections end too early");
}

void Reader::State::read_sections() {
  const std::uint64_t all = trailer.index_offset - trailer.metadata_offset;
  for (std::uint64_t done = 0; done < all;) {
    const std::uint64_t take = std::min(kStep, all - done);
    metadata.resize(done + take);
    read(metadata.data() + done, take, trailer.metadata_offset + done);
    done += take;
  }
  std::uint64_t at = 0;
  for (const cairn_ctx_section& s : index) {
    const std::uint64_t from = s.offset - trailer.metadata_offset;
    const std::uint64_t end = from + s.length;
    if (checksum64(metadata.data() + from, s.length) != s.checksum) {
      damaged(s.offset, "checksum of the section of type " + std::to_string(s.type) + " does not match");
    }
    sections.push_back(
        {s.type, s.version, (s.flags & CAIRN_CTX_SECTION_OPTIONAL) != 0, s.offset, {metadata.data() + from, s.length}});
    at = std::min((end + 7) & ~std::uint64_t{7}, all);
    if (!is_zero(metadata.data() + end, at - end)) damaged(s.offset + s.length, "padding is not zero");
  }
  if (!is_zero(metadata.data() + at, all - at)) damaged(trailer.metadata_offset + at, "padding is not zero");
}

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

UniqueFd open_image(const std::string& path) {
  const std::string name = image_name(path);
  UniqueFd fd(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                          : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat st;
  if (!fd) throw EnvironmentError(with_errno("cannot open " + name, errno));
  if (fstat(fd.get(), &st) != 0) throw EnvironmentError(with_errno("cannot examine " + name, errno));
  if (S_ISDIR(st.st_mode)) throw EnvironmentError(name + " is a directory, not a context file");
  if (S_ISREG(st.st_mode)) return fd;
  if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)) throw PermanentError(name + " is a device, not a context file");
  return spool(fd.get(), name);
}

Reader Reader::open(const std::string& path) {
  UniqueFd fd = open_image(path);
  return open(std::move(fd), image_name(path), image_directory(path));
}

Reader Reader::open(UniqueFd fd, const std::string& name, const std::string& directory) {
  struct stat st;
  if (fstat(fd.get(), &st) != 0) throw EnvironmentError(with_errno("cannot examine " + name, errno));
  auto state = std::make_unique<State>();
  state->name = name;
  state->directory = directory;
  state->length = static_cast<std::uint64_t>(st.st_size);
  state->status = st;
  state->fd = std::move(fd);
  try {
    state->read_header();
    state->read_trailer();
    state->read_index();
    state->read_sections();
    state->check_tables();
  } catch (const std::bad_alloc&) {
    throw TemporaryError("not enough memory to read " + name);
  }
  const std::string again = "/proc/self/fd/" + std::to_string(state->fd.get());
  state->direct_fd.reset(::open(again.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
  return Reader(std::move(state));
}

const std::string& Reader::name() const noexcept { return state_->name; }
const struct stat& Reader::status() const noexcept { return state_->status; }
const cairn_ctx_header& Reader::header() const noexcept { return state_->header; }
const cairn_ctx_trailer& Reader::trailer() const noexcept { return state_->trailer; }
const std::vector<Section>& Reader::sections() const noexcept { return state_->sections; }
const std::vector<StoredArea>& Reader::areas() const noexcept { return state_->areas; }
const std::vector<StoredObject>& Reader::objects() const noexcept { return state_->objects; }
std::span<const cairn_ctx_chunk> Reader::chunks() const noexcept { return state_->chunks; }
std::span<const cairn_ctx_run> Reader::runs() const noexcept { return state_->runs; }

std::optional<Section> Reader::section(std::uint32_t type) const {
  for (const Section& s : state_->sections) {
    if (s.type == type) return s;
  }
  return std::nullopt;
}

}  // namespace cairn::context
