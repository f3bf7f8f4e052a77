// SPDX-License-Identifier: Apache-2.0
#include "core/context/lane.hpp"

#include <utility>

#include "core/base/error.hpp"
#include "core/context/data_ranges.hpp"
#include "core/context/lane_state.hpp"
#include "core/context/object_store.hpp"
#include "core/context/zero.hpp"

namespace cairn::context {

namespace {
constexpr std::uint64_t kPage = CAIRN_CTX_PAGE;
}

Lane::Lane(std::unique_ptr<State> state) : state_(std::move(state)) {}
Lane::Lane(Lane&&) noexcept = default;
Lane& Lane::operator=(Lane&&) noexcept = default;
Lane::~Lane() = default;

const LaneError& Lane::error() const noexcept { return state_->error; }
const LaneStatistics& Lane::statistics() const noexcept { return state_->statistics; }

void Lane::throw_if_failed() const {
  const LaneError& e = state_->error;
  if (e.number == 0) return;
  throw EnvironmentError(
      with_errno(state_->output->name() + ": " + e.doing + " failed at " + std::to_string(e.where), e.number));
}

void Lane::copy_memory() noexcept {
  if (state_->compression == Compression::none) state_->start_copying();
}

bool Lane::append(std::uint32_t area, std::uint64_t address, std::uint64_t pages) {
  State& s = *state_;
  while (pages > 0) {
    ChunkSlot* slot = s.slot_for(area, 0);
    if (slot == nullptr) return false;
    const std::uint64_t take = std::min(pages, slot->room_bytes() / kPage);
    slot->add_run(address, take, 0);
    auto* from = reinterpret_cast<void*>(address);
    if (s.copying) from = std::memcpy(slot->bounce + slot->raw, from, take * kPage);
    slot->add_memory(from, take * kPage);
    if (slot->full() && !s.submit()) return false;
    address += take * kPage;
    pages -= take;
  }
  return true;
}

bool Lane::append_zero(std::uint32_t area, std::uint64_t address, std::uint64_t pages) {
  ChunkSlot* slot = state_->slot_for(area, 0);
  if (slot == nullptr) return false;
  while (pages > 0) {
    const std::uint64_t take = std::min<std::uint64_t>(pages, 0xffffffffu);
    slot->add_run(address, take, CAIRN_CTX_RUN_ZERO);
    if (slot->full() && !state_->submit()) return false;
    if (take == pages) break;
    if ((slot = state_->slot_for(area, 0)) == nullptr) return false;
    address += take * kPage;
    pages -= take;
  }
  return true;
}

// Reads what is there into the slot's buffer, then keeps the pages that have something in them.
bool Lane::append_unreadable(std::uint32_t area, std::uint64_t address, std::uint64_t pages, bool over_object) {
  State& s = *state_;
  while (pages > 0) {
    ChunkSlot* slot = s.slot_for(area, 0);
    if (slot == nullptr) return false;
    std::uint64_t take = std::min(pages, slot->room_bytes() / kPage);
    std::uint8_t* to = slot->bounce + slot->raw;
    if (!s.read_memory(address, to, take)) return false;
    std::uint64_t kept = 0;  // pages moved together at the front of `to`
    std::uint64_t looked = 0;
    for (; looked < take && !slot->full_of_runs(); ++looked) {
      const std::uint8_t* page = to + looked * kPage;
      if (is_zero(page, kPage)) {
        if (over_object) slot->add_run(address + looked * kPage, 1, CAIRN_CTX_RUN_ZERO);
        continue;
      }
      if (kept != looked) std::memmove(to + kept * kPage, page, kPage);
      slot->add_run(address + looked * kPage, 1, 0);
      slot->add_memory(to + kept * kPage, kPage);
      ++kept;
    }
    if (slot->full() && !s.submit()) return false;
    address += looked * kPage;
    pages -= looked;
  }
  return true;
}

bool Lane::append_file(std::uint32_t object, int fd, std::uint64_t bytes, ContentHash& hash) {
  const DataRanges ranges(fd, bytes);
  for (std::uint64_t at = 0; at < bytes;) {
    const DataRange range = ranges.next(at);
    hash.add_zeros(range.start - at);
    if (range.start > at) end_chunk();
    if (!append_data(object, fd, range, hash)) return false;
    at = range.end;
  }
  return true;
}

bool Lane::append_data(std::uint32_t object, int fd, const DataRange& range, ContentHash& hash) {
  State& s = *state_;
  std::uint64_t offset = range.start, bytes = range.end - range.start;
  while (bytes > 0) {
    ChunkSlot* slot = s.slot_for(object, CAIRN_CTX_CHUNK_OBJECT);
    if (slot == nullptr) return false;
    const std::uint64_t take = std::min(bytes, slot->room_bytes());
    const std::uint64_t padded = (take + kPage - 1) / kPage * kPage;
    std::uint8_t* to = slot->bounce + slot->raw;
    if (!s.read_file(fd, offset, to, take)) return false;
    hash.add(to, take);
    std::memset(to + take, 0, padded - take);
    slot->add_run(offset, padded / kPage, 0);
    slot->add_memory(to, padded);
    if (slot->full() && !s.submit()) return false;
    offset += take;
    bytes -= take;
  }
  return true;
}

bool Lane::submit() noexcept { return state_->submit(); }

void Lane::end_chunk() noexcept { state_->slots[state_->current].chunk_ended = true; }

Output& Lane::output() noexcept { return *state_->output; }

bool Lane::plain_file() const noexcept { return !state_->output->stream() && state_->compression == Compression::none; }

void Lane::count_foreign(std::uint64_t bytes, std::uint64_t runs) noexcept {
  state_->statistics.pages += bytes / kPage;
  state_->statistics.bytes += bytes;
  state_->statistics.chunks += 1;
  state_->statistics.runs += runs;
}

bool Lane::flush() {
  State& s = *state_;
  const bool good = s.error.number == 0 && s.submit();
  s.drain();
  s.aio.close();
  return good && s.error.number == 0;
}

}  // namespace cairn::context
