// SPDX-License-Identifier: Apache-2.0
// How an agent serves one checkpoint entry of the log. See agent.hpp.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/base/error.hpp"
#include "pmix/agent/agent.hpp"

namespace cairn::pmix {
namespace {

constexpr double kDecisionSeconds = 120;
constexpr double kLeastStopSeconds = 5;

std::span<const std::byte> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string as_text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ForkMode fork_mode(const std::string& name) {
  if (name == "yes") return ForkMode::yes;
  return name == "no" ? ForkMode::no : ForkMode::automatic;
}

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

// The ranks of this node, as Open MPI's launcher tells them.
engine::NodeGroup node_group(std::uint64_t entry) {
  engine::NodeGroup group;
  const char* job = std::getenv("PMIX_NAMESPACE");
  group.members = std::max(1u, number_from_environment("OMPI_COMM_WORLD_LOCAL_SIZE", 1));
  group.leader = number_from_environment("OMPI_COMM_WORLD_LOCAL_RANK", 0) == 0;
  group.key = std::string(job != nullptr ? job : "") + "/" + std::to_string(entry);
  return group;
}

}  // namespace

struct Agent::Outcome {
  bool saved = false;  // the guest stands still, or its memory is written in the background
  int code = 0;        // 0, or one of exit_codes.h
  std::string text, path;
  CheckpointStatistics statistics;

  void fail(const std::exception& e) {
    const auto* error = dynamic_cast<const Error*>(&e);
    code = error != nullptr ? error->code() : CAIRN_EXIT_PERMANENT;
    text = e.what();
  }
  Record encode() const {
    char host[256] = "";
    ::gethostname(host, sizeof(host) - 1);
    Record r("result");
    r.set("code", code).set("text", text).set("host", host).set("pid", static_cast<std::uint64_t>(::getpid()));
    r.set("bytes", statistics.bytes).set("checksum", statistics.checksum);
    r.set("callback_seconds", statistics.callback_seconds).set("stop_seconds", statistics.stop_seconds);
    r.set("pause_seconds", statistics.pause_seconds).set("write_seconds", statistics.write_seconds);
    r.set("pages_seen", statistics.pages_seen).set("pages_stored", statistics.pages_stored);
    r.set("forked", statistics.forked).set("fork_reason", std::string(statistics.fork_reason.view()));
    return r;
  }
};

void Agent::serve(std::uint64_t n, const Record& entry) {
  Outcome mine;
  {
    const std::lock_guard lock(fence_mutex_);
    fences_ = 0;
  }
  take_image(n, entry, mine);
  bool unanswered = false;
  {
    const std::lock_guard lock(fence_mutex_);
    unanswered = fences_ == 0;
  }
  // Nobody of the guest spoke for this rank: the others wait in F0.
  if (unanswered) transport_->gather({});
  const bool term = entry.get_bool("term");
  if (mine.saved && !term) imager_->release(0);
  if (mine.saved) write_image(entry, mine);
  phase("reporting");
  const bool all_well = gather_results(n, entry, mine);
  const bool end = term && decided_to_end(n, all_well);
  if (end) {
    phase("ending");
    leave();
    end_job_();
    return;
  }
  if (!all_well || term) {
    // An image of an attempt that failed somewhere is of no use; whoever wrote it removes it.
    if (mine.saved && term) imager_->release(-1);
    if (!mine.path.empty()) ::unlink(mine.path.c_str());
  }
  {
    const std::lock_guard lock(state_mutex_);
    current_.reset();
  }
  phase("running");
}

void Agent::take_image(std::uint64_t n, const Record& entry, Outcome& outcome) {
  const double deadline = entry.get_double("timeout", 600);
  std::string obstacle;
  try {
    phase("waiting for the program");
    if (!wait_until_ready(deadline)) {
      throw TemporaryError("this rank's program is not ready: it has not come back from its restart or from MPI_Init");
    }
    cairn_agent_request request{};
    request.id = n;
    request.level_deadline = deadline * 0.5;
    request.drain_deadline = deadline * 0.15;
    request.term = entry.get_bool("term") ? 1 : 0;
    obstacle = imager_->obstacle();
    request.obstacle = obstacle.empty() ? 0 : 1;
    std::strncpy(request.obstacle_text, obstacle.c_str(), sizeof(request.obstacle_text) - 1);
    {
      const std::lock_guard lock(state_mutex_);
      current_ = request;
    }
    phase("coordinating");
    group::CheckpointRequest image;
    image.looked = true;  // else the other ranks would wait in a fence for one that has given up already
    image.path = entry.get("directory") + "/rank_" + std::to_string(transport_->rank()) + ".ctx";
    image.object_directory = entry.get("objects");
    image.parameters.engine = entry.get("engine", "auto");
    image.parameters.compress = entry.get("compress", "none");
    image.parameters.fork = fork_mode(entry.get("fork"));
    // crcp has deadlines of its own and gives up by itself; this one is for a guest that does not answer at all. A
    // thread that does not stop keeps the other ranks standing as well, and is to be named before the time is over.
    image.parameters.timeout = deadline + 15;
    image.stop_deadline = std::max(kLeastStopSeconds, deadline * 0.1);
    image.node = node_group(n);
    imager_->save(image);
    outcome.saved = true;
    outcome.path = image.path;
    if (!obstacle.empty()) throw TemporaryError(obstacle);
  } catch (const std::exception& e) {
    outcome.fail(e);
    // That the protocol gave up is the consequence, not the reason.
    if (!obstacle.empty()) outcome.text = obstacle;
  }
}

void Agent::write_image(const Record& entry, Outcome& outcome) {
  phase(kWriting);
  if (outcome.code != 0) {
    imager_->abandon();
    outcome.saved = false;
    return;
  }
  try {
    outcome.statistics = imager_->finish(entry.get_double("timeout", 600));
  } catch (const std::exception& e) {
    outcome.fail(e);
    imager_->abandon();
    outcome.saved = false;
  }
}

bool Agent::gather_results(std::uint64_t n, const Record& entry, const Outcome& outcome) {
  const auto parts = transport_->gather(as_bytes(outcome.encode().encode()));
  Record all("results");
  all.set("n", n).set("id", entry.get("id"));
  bool well = true;
  for (std::size_t r = 0; r < parts.size(); ++r) {
    const std::string text = as_text(parts[r]);
    well = well && Record::decode(text).get_u64("code", 1) == 0;
    if (transport_->rank() == 0) all.set("r" + std::to_string(r), text);
  }
  if (link_) link_->send(all);
  return well;
}

bool Agent::decided_to_end(std::uint64_t n, bool all_well) {
  bool commit = false;
  if (transport_->rank() == 0 && all_well && link_) {
    phase("waiting for the manifest");
    std::unique_lock lock(state_mutex_);
    state_changed_.wait_for(lock, std::chrono::duration<double>(kDecisionSeconds), [&] { return decided_ == n; });
    commit = decided_ == n && commit_;
  }
  const auto parts = transport_->gather(as_bytes(commit ? "end" : "go on"));
  return as_text(parts.at(0)) == "end";
}

}  // namespace cairn::pmix
