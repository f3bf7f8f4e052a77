// SPDX-License-Identifier: Apache-2.0
#include "core/context/metadata.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/base/error.hpp"
#include "core/context/checksum.hpp"

namespace cairn::context {

namespace {

// The format is these sizes (docs/context-format.md): a compiler that lays them out otherwise must not write it.
static_assert(sizeof(cairn_ctx_header) == 1704 && sizeof(cairn_ctx_trailer) == 72 && sizeof(cairn_ctx_section) == 40);
static_assert(sizeof(cairn_ctx_area) == 72 && sizeof(cairn_ctx_object) == 96);
static_assert(sizeof(cairn_ctx_chunk) == 48 && sizeof(cairn_ctx_run) == 16);

// Bytes one after the other, through an aligned buffer so that O_DIRECT takes them.
class BlockWriter {
 public:
  explicit BlockWriter(Output& output) : output_(output), buffer_(std::aligned_alloc(CAIRN_CTX_PAGE, kBuffer)) {
    if (buffer_ == nullptr) throw std::bad_alloc();
    at_ = output.end();
  }
  ~BlockWriter() { std::free(buffer_); }
  BlockWriter(const BlockWriter&) = delete;
  BlockWriter& operator=(const BlockWriter&) = delete;

  std::uint64_t position() const { return at_ + used_; }

  void add(const void* data, std::size_t bytes) {
    const auto* from = static_cast<const char*>(data);
    while (bytes > 0) {
      const std::size_t take = std::min(bytes, kBuffer - used_);
      std::memcpy(buffer() + used_, from, take);
      used_ += take;
      from += take;
      bytes -= take;
      if (used_ == kBuffer) write();
    }
  }

  void pad_to(std::uint64_t alignment) {
    static constexpr char kZeros[CAIRN_CTX_PAGE] = {};
    const std::uint64_t over = position() % alignment;
    if (over != 0) add(kZeros, alignment - over);
  }

  void write() {  // what there is must be a multiple of 4096
    if (used_ == 0) return;
    output_.claim(used_);
    iovec piece{buffer_, used_};
    const int failed = output_.write_all(&piece, 1, at_);
    if (failed != 0) {
      throw EnvironmentError(with_errno(output_.name() + ": writing failed at " + std::to_string(at_), failed));
    }
    at_ += used_;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kBuffer = 1u << 20;
  char* buffer() { return static_cast<char*>(buffer_); }

  Output& output_;
  void* buffer_;
  std::size_t used_ = 0;
  std::uint64_t at_ = 0;
};

}  // namespace

cairn_ctx_trailer write_metadata(Output& output, const std::vector<PendingSection>& sections,
                                 std::uint64_t header_checksum) {
  if (sections.size() > CAIRN_CTX_SECTIONS_MAX) {
    throw PermanentError(output.name() + ": the file would have more than " + std::to_string(CAIRN_CTX_SECTIONS_MAX) +
                         " sections");
  }
  BlockWriter writer(output);
  cairn_ctx_trailer trailer{};
  trailer.metadata_offset = writer.position();
  std::vector<cairn_ctx_section> index;
  for (const PendingSection& section : sections) {
    index.push_back({section.type, section.version, section.flags, 0, writer.position(), section.bytes.size(),
                     checksum64(section.bytes.data(), section.bytes.size())});
    writer.add(section.bytes.data(), section.bytes.size());
    writer.pad_to(8);
  }
  writer.pad_to(CAIRN_CTX_PAGE);
  trailer.magic = CAIRN_CTX_TRAILER_MAGIC;
  trailer.version = CAIRN_CTX_VERSION;
  trailer.index_offset = writer.position();
  trailer.index_count = static_cast<cairn_u32>(index.size());
  trailer.index_checksum = checksum64(index.data(), index.size() * sizeof index[0]);
  writer.add(index.data(), index.size() * sizeof index[0]);
  writer.pad_to(CAIRN_CTX_PAGE);
  trailer.length = writer.position() + CAIRN_CTX_PAGE;
  trailer.header_checksum = header_checksum;
  trailer.payload_raw = output.payload_raw();
  trailer.checksum = checksum64(&trailer, offsetof(cairn_ctx_trailer, checksum));
  writer.add(&trailer, sizeof trailer);
  writer.pad_to(CAIRN_CTX_PAGE);
  writer.write();
  return trailer;
}

void write_header(Output& output, cairn_ctx_header& header) {
  header.checksum = checksum64(&header, offsetof(cairn_ctx_header, checksum));
  static_assert(sizeof header <= CAIRN_CTX_PAGE);
  BlockWriter writer(output);
  writer.add(&header, sizeof header);
  writer.pad_to(CAIRN_CTX_PAGE);
  writer.write();
}

}  // namespace cairn::context
