// SPDX-License-Identifier: Apache-2.0
#include "core/engine/kernel_dump.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "core/base/unique_fd.hpp"
#include "core/context/format.h"
#include "core/context/output.hpp"

namespace cairn::engine {

static_assert(sizeof(cairn_km_run) == sizeof(cairn_ctx_run) && CAIRN_KM_RUN_ZERO == CAIRN_CTX_RUN_ZERO,
              "the module reports runs as the context file stores them");

namespace {

constexpr std::uint64_t kSmall = 128u << 10;  // bytes

// Not by everybody: a process that must not be dumped has no page table to read.
bool can_look_at_pages() { return UniqueFd(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)).get() >= 0; }

}  // namespace

KernelDumper::KernelDumper(int device)
    : device_(device),
      gathers_small_(can_look_at_pages()),
      runs_(std::size_t{kChunks} * CAIRN_KM_RUNS_MAX),
      chunks_(kChunks) {}

bool KernelDumper::takes(const AreaPlan& plan, const context::Lane& lane) const noexcept {
  const bool own = plan.scan.kind == ScanKind::private_all || plan.scan.kind == ScanKind::private_own;
  const bool small = plan.scan.end - plan.scan.start < kSmall;
  return own && lane.plain_file() && !(small && gathers_small_);
}

bool KernelDumper::enter_chunks(const AreaPlan& plan, context::Lane& lane, const cairn_km_dump& call) noexcept {
  context::Output& output = lane.output();
  for (unsigned i = 0; i < call.chunk_count; ++i) {
    const cairn_km_chunk& from = chunks_[i];
    cairn_ctx_chunk chunk{};
    chunk.offset = from.bytes != 0 ? from.offset : 0;
    chunk.stored = from.bytes;
    chunk.raw = static_cast<cairn_u32>(from.bytes);
    chunk.checksum = from.bytes != 0 ? from.checksum : 0;
    chunk.target = plan.index;
    chunk.run_count = from.run_count;
    const auto* runs = reinterpret_cast<const cairn_ctx_run*>(&runs_[from.first_run]);
    const int failed = output.record({&chunk, 1}, {runs, chunk.run_count});
    if (failed != 0) {
      error_ = {failed, "keeping the table of chunks", from.offset};
      return false;
    }
    lane.count_foreign(from.bytes, from.run_count);
  }
  return true;
}

// While the module writes at the file's end nobody else may claim room there.
bool KernelDumper::dump_some(const AreaPlan& plan, context::Lane& lane, cairn_km_dump& call) noexcept {
  context::Output& output = lane.output();
  output.take_turn();
  call.offset = output.end();
  const bool good = ioctl(device_, CAIRN_KM_DUMP, &call) == 0;
  const int failed = errno;
  if (good) output.claim_in_turn(call.file_end - call.offset);
  output.end_turn();
  if (!good) {
    error_ = {failed, "writing memory by the kernel module", call.next};
    return false;
  }
  pages_seen_ += call.pages_seen;
  return enter_chunks(plan, lane, call);
}

bool KernelDumper::dump(const AreaPlan& plan, context::Lane& lane) noexcept {
  if (!lane.submit()) {
    error_ = lane.error();
    return false;
  }
  const context::QuietWrites quiet;
  cairn_km_dump call{};
  call.size = sizeof call;
  call.fd = lane.output().fd();
  call.start = plan.scan.start;
  call.end = plan.scan.end;
  call.runs = reinterpret_cast<std::uint64_t>(runs_.data());
  call.chunks = reinterpret_cast<std::uint64_t>(chunks_.data());
  call.runs_max = static_cast<std::uint32_t>(runs_.size());
  call.chunks_max = kChunks;
  while (call.start < call.end) {
    if (!dump_some(plan, lane, call)) return false;
    call.start = call.next;
  }
  return true;
}

}  // namespace cairn::engine
