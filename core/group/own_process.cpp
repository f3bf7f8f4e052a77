// SPDX-License-Identifier: Apache-2.0
#include "core/group/own_process.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "core/base/clock.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/context/writer.hpp"
#include "core/engine/engine.hpp"
#include "core/group/stop.hpp"
#include "core/state/child_stops/kind.hpp"
#include "core/state/kinds.hpp"
#include "core/state/resident.hpp"

namespace cairn::group {
namespace {

std::atomic<bool> one_at_work{false};

// Everything that can be known to stand in the way without stopping anybody. The program goes on meanwhile, so only
// what is seen again and again is believed; what comes and goes is judged when everybody stands.
void check_obstacles(const cairn_guest& guest) {
  constexpr int kLooks = 4;
  constexpr std::chrono::milliseconds kBetween{2};
  std::string seen;
  for (int look = 1;; ++look) {
    try {
      return state::look_for_obstacles(guest);
    } catch (const Error& error) {
      if (!seen.empty() && seen != error.what()) return;
      if (look == kLooks) throw;
      seen = error.what();
    }
    std::this_thread::sleep_for(kBetween);
  }
}

// One that has begun to start is given the moment that the loader takes to come to libcr.
cairn_guest* awaited_guest() {
  constexpr double kPatience = 2;  // seconds
  constexpr std::chrono::milliseconds kLook{2};
  for (const Deadline patience(kPatience); host::guest() == nullptr && !patience.passed();)
    std::this_thread::sleep_for(kLook);
  return host::guest();
}

cairn_guest& attached_guest() {
  cairn_guest* found = awaited_guest();
  if (found == nullptr) throw TemporaryError("the program has only begun to start, or runs without libcr");
  if (found->magic != CAIRN_GUEST_MAGIC || found->version != CAIRN_GUEST_VERSION)
    throw PermanentError("libcr in the program is of another version than its host");
  // A copy that asks for its own checkpoint, and has not come to a host of its own.
  if (!host::is_original_process()) throw TemporaryError("a forked child of a hosted program cannot be saved yet");
  return *found;
}

}  // namespace

struct OwnProcess::State {
  std::optional<host::HostWork> work;  // until the program goes on
  std::unique_ptr<Stop> stop;
  std::unique_ptr<context::Writer> writer;
  std::unique_ptr<Engine> engine;
  std::string engine_name;  // outlives the engine
  std::unique_ptr<engine::NodeRequest> node;
  CheckpointStatistics statistics;
  double pause_seconds = 0;
  Stopwatch since_stop;
  bool working = false;             // one_at_work is ours
  mutable std::mutex writer_mutex;  // changes of `writer`, against bytes_so_far() and cancel()

  void begin() {
    if (one_at_work.exchange(true)) throw TemporaryError("another checkpoint of this process is being taken");
    working = true;
    statistics = {};
    pause_seconds = 0;
  }
  void end() noexcept {
    if (engine) engine->abandon();
    stop.reset();
    work.reset();
    node.reset();
    engine.reset();
    close_writer();
    if (working) one_at_work.store(false);
    working = false;
  }
  void close_writer() noexcept {
    std::lock_guard lock(writer_mutex);
    writer.reset();
  }
  void open(const Request& request);
  void stand_still(const Request& request);
  void dump(const Request& request, cairn_guest& guest);
};

void OwnProcess::State::open(const Request& request) {
  EngineChoice choice = make_engine(std::string(request.parameters.engine.view()));
  context::WriterOptions options;
  options.path = request.path;
  options.fd = request.fd;
  options.compression = context::parse_compression(std::string(request.parameters.compress.view()));
  options.object_directory = request.object_directory;
  options.by_reference = request.parameters.by_reference;
  options.sync = request.parameters.sync;
  options.fd_base = host::fd_base();
  options.program = host::guest_exe();
  engine_name = choice.engine->name();
  options.writer = "cairn " + engine_name;
  engine = std::move(choice.engine);
  if (engine->wants_node_request())
    node = engine::NodeRequest::open(request.node, request.parameters.timeout, host::fd_base());
  auto created = context::Writer::create(options);
  std::lock_guard lock(writer_mutex);
  writer = std::move(created);
}

void OwnProcess::State::stand_still(const Request& request) {
  const Deadline deadline(request.parameters.timeout);
  const Stopwatch since_begin;
  stop->run_callbacks(deadline, request.callbacks_at_work);
  statistics.callback_seconds = since_begin.seconds();
  since_stop = Stopwatch();
  stop->stop(Deadline(std::min(deadline.left(), request.stop_timeout)), node.get());
  statistics.stop_seconds = since_stop.seconds();
}

void OwnProcess::State::dump(const Request& request, cairn_guest& guest) {
  state::Capture capture{guest, stop->epoch()};
  capture.was_stopped = request.was_stopped;
  capture.writer = writer.get();
  if (request.stands) request.stands();
  if (request.parameters.save_files) capture.contents = writer.get();
  state::capture_all(capture, *writer);
  if (request.captured) request.captured();
  DumpRequest dump_request;
  dump_request.writer = writer.get();
  dump_request.so_far = statistics;
  dump_request.fork = request.parameters.fork;
  dump_request.processes = request.node.members;
  dump_request.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
  for (const auto& object : capture.shared.objects)
    dump_request.saved_files.emplace(object.identity.device, object.identity.inode);
  dump_request.saved_elsewhere = std::move(capture.saved_elsewhere);
  engine->dump(dump_request, capture.areas);
}

OwnProcess::OwnProcess() : state_(std::make_unique<State>()) {}
OwnProcess::~OwnProcess() { abandon(); }

std::string OwnProcess::name() const { return "process " + std::to_string(getpid()); }
std::string OwnProcess::engine() const { return state_->engine_name; }

std::optional<Error> OwnProcess::obstacle() const {
  if (!state_->work) state_->work.emplace(clock_now(CLOCK_THREAD_CPUTIME_ID));
  try {
    check_obstacles(attached_guest());
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

void OwnProcess::stand(const Request& request) {
  state_->begin();
  if (!state_->work) state_->work.emplace(clock_now(CLOCK_THREAD_CPUTIME_ID));
  try {
    cairn_guest& guest = attached_guest();
    state_->open(request);
    state_->stop = std::make_unique<Stop>(guest);
    state_->stand_still(request);
  } catch (...) {
    state_->end();
    throw;
  }
}

void OwnProcess::save(const Request& request) {
  try {
    state_->dump(request, attached_guest());
  } catch (...) {
    state_->end();
    throw;
  }
}

void OwnProcess::release(int failure, int signal) {
  if (!state_->stop) return;
  if (signal != 0) kill(getpid(), signal);
  if (signal != SIGCONT) state::take_stops_again();
  state_->stop->release(failure);
  state_->stop.reset();
  state_->work.reset();
  state_->pause_seconds = state_->since_stop.seconds();
  if (!state_->engine) state_->end();
}

CheckpointStatistics OwnProcess::finish(double seconds) {
  if (!state_->engine) throw TemporaryError("no checkpoint is being taken");
  try {
    state_->statistics = state_->engine->finish(seconds);
    state_->statistics.pause_seconds = state_->pause_seconds;
  } catch (...) {
    state_->engine->abandon();
    state_->engine.reset();
    state_->close_writer();
    throw;
  }
  state_->engine.reset();
  state_->close_writer();
  if (!state_->stop) state_->end();
  return state_->statistics;
}

void OwnProcess::cancel() noexcept {
  std::lock_guard lock(state_->writer_mutex);
  if (state_->writer) state_->writer->give_up();
}

std::uint64_t OwnProcess::bytes_so_far() const noexcept {
  std::lock_guard lock(state_->writer_mutex);
  return state_->writer ? state_->writer->bytes_so_far() : 0;
}

void OwnProcess::abandon() noexcept { state_->end(); }

bool OwnProcess::stands() const noexcept { return state_->stop != nullptr; }

Group::Members own_process_only(const Group::Members& known) {
  if (!known.empty()) return {};
  return {std::make_shared<OwnProcess>()};
}

}  // namespace cairn::group
