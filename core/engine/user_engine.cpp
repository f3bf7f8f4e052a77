// SPDX-License-Identifier: Apache-2.0
#include "core/engine/user_engine.hpp"

#include <errno.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/base/error.hpp"
#include "core/context/output.hpp"
#include "core/context/parallel.hpp"
#include "core/context/writer.hpp"
#include "core/engine/area_dump.hpp"
#include "core/engine/features.hpp"
#include "core/engine/headroom.hpp"

namespace cairn::engine {

namespace {

constexpr std::uint64_t kSlice = 256u << 20;      // bytes of one area that a thread takes at once
constexpr std::uint64_t kSmallSlice = 32u << 20;  // the same for processes that compress
constexpr std::uint64_t kMaxSlices = 4096;        // of terabytes of reservation, too
constexpr std::uint64_t kSafety = 256u << 20;     // bytes of memory that must stay free beside the copy

// Rewriting all memory beside a forked copy was measured at 1.9 to 3.0 s for each GiB (faults and copies): a disk that
// takes a GiB in less time than that is better waited for.
constexpr double kFaultBandwidth = 0.6e9;  // bytes per second

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// Pieces that threads can take one by one; their chunks never interleave.
std::vector<AreaPlan> cut(const std::vector<AreaPlan>& plans, std::uint64_t size) {
  std::vector<AreaPlan> slices;
  for (const AreaPlan& plan : plans) {
    for (std::uint64_t at = plan.scan.start; at < plan.scan.end; at += size) {
      AreaPlan slice = plan;
      slice.scan.start = at;
      slice.scan.end = std::min(plan.scan.end, at + size);
      slice.scan.file_offset += at - plan.scan.start;
      slices.push_back(std::move(slice));
    }
  }
  return slices;
}

}  // namespace

ForkDecision decide_fork(const DumpRequest& request) {
  if (request.fork == ForkMode::no) return {false, "asked not to fork"};
  if (request.fork == ForkMode::yes) return {true, "asked to fork"};
  const std::uint64_t memory = private_memory();
  const std::uint64_t needed = memory * std::max(request.processes, 1u) + kSafety;
  const Headroom room = memory_headroom();
  const std::string figures =
      mebibytes(memory) + " of private memory" +
      (request.processes > 1 ? " in each of " + std::to_string(request.processes) + " processes" : "") + ", " +
      mebibytes(room.bytes) + " left (" + room.limit + ")";
  if (room.bytes < needed) return {false, figures};
  if (request.expected_bandwidth >= kFaultBandwidth) {
    return {false, mebibytes(static_cast<std::uint64_t>(request.expected_bandwidth)) + "/s to the disk"};
  }
  return {true, figures};
}

UserEngine::UserEngine(UniqueFd device) : device_(std::move(device)) {
  if (device_) child_kernel_ = std::make_unique<KernelDumper>(device_.get());
}

// One lane a thread; a single thread takes whole areas, so that a sparse area of terabytes stays one scan.
void UserEngine::write_now(const std::vector<AreaPlan>& plans) {
  context::Writer& writer = *request_.writer;
  std::mutex mutex;
  const auto add = [&](const context::Lane& lane, const AreaDumper& dumper) {
    const std::lock_guard lock(mutex);
    statistics_.pages_seen += dumper.pages_seen();
    statistics_.pages_stored += lane.statistics().pages;
    statistics_.payload_bytes += lane.statistics().bytes;
  };
  const auto write = [&](std::span<const AreaPlan> some, std::atomic<std::size_t>& next) {
    context::Lane lane = writer.open_lane(features().aio);
    const auto scanner = std::make_unique<PageScanner>(features().pagemap_scan, writer.options().fd_base);
    const auto kernel = device_ ? std::make_unique<KernelDumper>(device_.get()) : nullptr;
    AreaDumper dumper(&lane, scanner.get(), false, kernel.get());
    bool good = true;
    for (std::size_t i; good && (i = next.fetch_add(1)) < some.size();) good = dumper.dump(some[i]);
    good = dumper.flush() && good;
    add(lane, dumper);
    if (good) return;
    const context::LaneError& e = dumper.error();
    throw EnvironmentError(
        with_errno(writer.path() + ": " + e.doing + " failed at " + std::to_string(e.where), e.number));
  };
  std::atomic<std::size_t> next{0};
  if (request_.threads <= 1) return write(plans, next);
  const std::vector<AreaPlan> slices = cut(plans, kSlice);
  struct Nothing {};
  context::parallel_for<Nothing>(request_.threads, request_.threads,
                                 [&](std::size_t, Nothing&) { write(slices, next); });
}

bool UserEngine::write_later() {
  context::Writer& writer = *request_.writer;
  child_lane_ = std::make_unique<context::Lane>(writer.open_lane(features().aio));
  child_lane_->copy_memory();
  huge_ = std::make_unique<HugePages>(writer.options().fd_base);
  ChildTask task;
  if (writer.options().compression != context::Compression::none && request_.threads > 1) {
    task.writers = request_.threads;
    std::uint64_t all = 0;
    for (const AreaPlan& plan : deferred_) all += plan.scan.end - plan.scan.start;
    deferred_ = cut(deferred_, std::max(kSmallSlice, all / kMaxSlices / kSmallSlice * kSmallSlice));
  }
  task.lane = child_lane_.get();
  task.kernel = child_kernel_.get();
  task.huge = huge_.get();
  task.plans = deferred_;
  const int failed = child_.start(task, writer.descriptors(), writer.options().fd_base);
  if (failed == 0) return true;
  const SystemText why = with_errno("cannot fork a process that writes the memory", failed);
  child_.kill();
  if (request_.fork == ForkMode::yes) throw EnvironmentError(why);
  statistics_.fork_reason = std::string(why);
  return false;
}

void UserEngine::dump(const DumpRequest& request, std::span<const Area> areas) {
  if (active_) throw TemporaryError("the last dump of this process has not been finished");
  if (request.writer == nullptr) throw ArgumentError("a dump needs a writer");
  since_start_ = Stopwatch();
  request_ = request;
  statistics_ = request.so_far;
  active_ = true;
  if (device_) request_.writer->output().claims_take_turns();
  try {
    std::vector<Area> now, later;
    for (const Area& area : areas) (needs_pause(area) ? now : later).push_back(area);
    const ForkDecision decision = decide_fork(request);
    statistics_.fork_reason = decision.reason;
    std::vector<AreaPlan> plans = plan_areas(*request.writer, now, request_);
    deferred_ = plan_areas(*request.writer, later, request_);
    if (decision.fork && !deferred_.empty()) {
      // The module's writes and ours take turns: what the program waits for goes first.
      if (device_) write_now(std::exchange(plans, {}));
      statistics_.forked = write_later();
    }
    if (!statistics_.forked) {
      plans.insert(plans.end(), std::make_move_iterator(deferred_.begin()), std::make_move_iterator(deferred_.end()));
      deferred_.clear();
    }
    write_now(plans);
  } catch (...) {
    abandon();
    throw;
  }
  statistics_.dump_seconds = since_start_.seconds();
}

CheckpointStatistics UserEngine::finish(double deadline) {
  if (!active_) throw ArgumentError("there is no dump to finish");
  const Deadline end(deadline);
  request_.writer->store_objects();  // while the child writes
  if (statistics_.forked) {
    const ChildReport report = child_.wait(std::max(0.0, end.left()), request_.writer->path());
    statistics_.pages_seen += report.pages_seen;
    statistics_.pages_stored += report.statistics.pages;
    statistics_.payload_bytes += report.statistics.bytes;
  }
  const context::WriterResult result = request_.writer->finish();
  statistics_.bytes = result.bytes;
  statistics_.checksum = result.checksum;
  statistics_.write_seconds = since_start_.seconds();
  if (huge_) statistics_.huge_bytes = huge_->restore(std::max(0.0, end.left()));
  CheckpointStatistics statistics = statistics_;
  abandon();
  return statistics;
}

void UserEngine::abandon() noexcept {
  child_.kill();
  child_lane_.reset();
  huge_.reset();
  deferred_.clear();
  active_ = false;
}

}  // namespace cairn::engine
