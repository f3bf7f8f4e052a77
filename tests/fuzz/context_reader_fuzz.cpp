// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as a context file. Each input is tried as it is, and with its checksums made right, so
// that the checks behind the checksums are reached. Only cairn::Error may come out, and no access outside the
// destination.
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/base/error.hpp"
#include "core/context/reader.hpp"

namespace {

using cairn::context::Reader;

constexpr std::uint64_t kPage = CAIRN_CTX_PAGE;
constexpr std::uint64_t kLargestArea = 64u << 20;  // bytes; larger ones are not loaded

template <typename T>
T get(const std::vector<std::uint8_t>& bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <typename T>
void put(std::vector<std::uint8_t>& bytes, std::uint64_t offset, const T& value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

bool within(const std::vector<std::uint8_t>& bytes, std::uint64_t offset, std::uint64_t length) {
  return offset <= bytes.size() && length <= bytes.size() - offset;
}

void reseal_chunks(std::vector<std::uint8_t>& bytes, const cairn_ctx_section& section) {
  for (std::uint64_t at = 0; at + sizeof(cairn_ctx_chunk) <= section.length; at += sizeof(cairn_ctx_chunk)) {
    auto chunk = get<cairn_ctx_chunk>(bytes, section.offset + at);
    if (chunk.stored == 0 || !within(bytes, chunk.offset, chunk.stored)) continue;
    chunk.checksum = XXH64(bytes.data() + chunk.offset, chunk.stored, 0);
    put(bytes, section.offset + at, chunk);
  }
}

// Makes every checksum right that can be found.
void reseal(std::vector<std::uint8_t>& bytes) {
  if (bytes.size() < 2 * kPage) return;
  bytes.resize(bytes.size() / kPage * kPage);
  auto header = get<cairn_ctx_header>(bytes, 0);
  header.magic = CAIRN_CTX_MAGIC;
  header.checksum = XXH64(&header, offsetof(cairn_ctx_header, checksum), 0);
  put(bytes, 0, header);
  const std::uint64_t trailer_at = bytes.size() - kPage;
  auto trailer = get<cairn_ctx_trailer>(bytes, trailer_at);
  for (std::uint64_t i = 0; i < trailer.index_count && i < 64; ++i) {
    const std::uint64_t at = trailer.index_offset + i * sizeof(cairn_ctx_section);
    if (!within(bytes, at, sizeof(cairn_ctx_section))) break;
    auto section = get<cairn_ctx_section>(bytes, at);
    if (!within(bytes, section.offset, section.length)) continue;
    if (section.type == CAIRN_CTX_CHUNKS) reseal_chunks(bytes, section);
    section.checksum = XXH64(bytes.data() + section.offset, section.length, 0);
    put(bytes, at, section);
  }
  const std::uint64_t index_bytes = std::uint64_t{trailer.index_count} * sizeof(cairn_ctx_section);
  if (within(bytes, trailer.index_offset, index_bytes)) {
    trailer.index_checksum = XXH64(bytes.data() + trailer.index_offset, index_bytes, 0);
  }
  trailer.magic = CAIRN_CTX_TRAILER_MAGIC;
  trailer.length = bytes.size();
  trailer.header_checksum = header.checksum;
  trailer.checksum = XXH64(&trailer, offsetof(cairn_ctx_trailer, checksum), 0);
  put(bytes, trailer_at, trailer);
}

void load_all(const Reader& reader) {
  for (std::uint32_t i = 0; i < reader.areas().size(); ++i) {
    const auto& area = reader.areas()[i].area;
    const std::uint64_t size = area.end - area.start;
    if (size > kLargestArea) continue;
    // Guard pages on both sides: what is written outside is seen.
    auto* memory = static_cast<std::uint8_t*>(
        mmap(nullptr, size + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (memory == MAP_FAILED) continue;
    mprotect(memory + kPage, size, PROT_READ | PROT_WRITE);
    const cairn::context::LoadTarget target{i, memory + kPage};
    try {
      reader.load({&target, 1});
    } catch (const cairn::Error&) {
    }
    munmap(memory, size + 2 * kPage);
  }
}

void try_as_file(const std::vector<std::uint8_t>& bytes) {
  cairn::UniqueFd fd(memfd_create("fuzz", MFD_CLOEXEC));
  if (!fd || pwrite(fd.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return;
  try {
    const Reader reader = Reader::open(std::move(fd), "fuzz", "/nonexistent");
    load_all(reader);
    reader.verify_all();
  } catch (const cairn::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes(data, data + size);
  try_as_file(bytes);
  reseal(bytes);
  try_as_file(bytes);
  return 0;
}
