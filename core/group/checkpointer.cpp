// SPDX-License-Identifier: Apache-2.0
#include "core/group/checkpointer.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include "core/base/error.hpp"
#include "core/context/writer.hpp"
#include "core/group/freeze.hpp"
#include "core/state/kinds.hpp"
#include "core/state/resident.hpp"

namespace cairn::group {
namespace {

std::atomic<bool> one_at_work{false};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

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

cairn_guest& attached_guest() {
  cairn_guest* found = host::guest();
  if (found == nullptr) throw TemporaryError("the program has only begun to start, or runs without libcr");
  if (found->magic != CAIRN_GUEST_MAGIC || found->version != CAIRN_GUEST_VERSION)
    throw PermanentError("libcr in the program is of another version than its host");
  if (!host::is_original_process()) throw TemporaryError("a forked child of a hosted program cannot be saved yet");
  return *found;
}

}  // namespace

struct Checkpointer::State {
  std::unique_ptr<Freeze> freeze;
  std::unique_ptr<context::Writer> writer;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<engine::NodeRequest> node;
  CheckpointStatistics statistics;
  double pause_seconds = 0;
  std::chrono::steady_clock::time_point stop_begin;
  bool working = false;             // one_at_work is ours
  mutable std::mutex writer_mutex;  // changes of `writer`, against bytes_so_far()

  void begin() {
    if (one_at_work.exchange(true)) throw TemporaryError("another checkpoint of this process is being taken");
    working = true;
    statistics = {};
    pause_seconds = 0;
  }
  void end() noexcept {
    if (engine) engine->abandon();
    freeze.reset();
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
  void open(const CheckpointRequest& request);
  void stop(const CheckpointRequest& request);
  void dump(const CheckpointRequest& request, cairn_guest& guest);
};

void Checkpointer::State::open(const CheckpointRequest& request) {
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
  options.writer = std::string("cairn ") + choice.engine->name();
  engine = std::move(choice.engine);
  if (std::string(engine->name()) == "kmod")
    node = engine::NodeRequest::open(request.node, request.parameters.timeout, host::fd_base());
  auto created = context::Writer::create(options);
  std::lock_guard lock(writer_mutex);
  writer = std::move(created);
}

void Checkpointer::State::stop(const CheckpointRequest& request) {
  const Deadline deadline(request.parameters.timeout);
  const auto begin = std::chrono::steady_clock::now();
  freeze->run_callbacks(deadline);
  statistics.callback_seconds = seconds_since(begin);
  stop_begin = std::chrono::steady_clock::now();
  freeze->stop(Deadline(std::min(deadline.left(), request.stop_deadline)), node.get());
  statistics.stop_seconds = seconds_since(stop_begin);
}

void Checkpointer::State::dump(const CheckpointRequest& request, cairn_guest& guest) {
  state::Capture capture{guest, freeze->epoch(), request.was_stopped, 0, 0, {}};
  state::capture_all(capture, *writer);
  DumpRequest dump_request;
  dump_request.writer = writer.get();
  dump_request.so_far = statistics;
  dump_request.fork = request.parameters.fork;
  dump_request.processes = request.node.members;
  dump_request.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
  engine->dump(dump_request, capture.areas);
}

Checkpointer::Checkpointer() : state_(std::make_unique<State>()) {}
Checkpointer::~Checkpointer() { abandon(); }

std::string Checkpointer::obstacle() const {
  try {
    check_obstacles(attached_guest());
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

void Checkpointer::save(const CheckpointRequest& request) {
  state_->begin();
  try {
    cairn_guest& guest = attached_guest();
    if (!request.looked) check_obstacles(guest);
    state_->open(request);
    state_->freeze = std::make_unique<Freeze>(guest);
    state_->stop(request);
    state_->dump(request, guest);
  } catch (...) {
    state_->end();
    throw;
  }
}

void Checkpointer::release(int failure) {
  if (!state_->freeze) return;
  state_->freeze->release(failure);
  state_->freeze.reset();
  state_->pause_seconds = seconds_since(state_->stop_begin);
  if (!state_->engine) state_->end();
}

CheckpointStatistics Checkpointer::finish(double deadline_seconds) {
  if (!state_->engine) throw TemporaryError("no checkpoint is being taken");
  try {
    state_->statistics = state_->engine->finish(deadline_seconds);
    state_->statistics.pause_seconds = state_->pause_seconds;
  } catch (...) {
    state_->engine->abandon();
    state_->engine.reset();
    state_->close_writer();
    throw;
  }
  state_->engine.reset();
  state_->close_writer();
  if (!state_->freeze) state_->end();
  return state_->statistics;
}

std::uint64_t Checkpointer::bytes_so_far() const noexcept {
  std::lock_guard lock(state_->writer_mutex);
  return state_->writer ? state_->writer->bytes_so_far() : 0;
}

void Checkpointer::abandon() noexcept { state_->end(); }

}  // namespace cairn::group
