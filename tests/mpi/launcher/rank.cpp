// SPDX-License-Identifier: Apache-2.0
// A rank without a guest, for tests of launcher, coordinator and agent: a real MPI process with a real agent, whose
// "images" are small files and whose "coordination" are five empty-handed fences.
//
// It stands where cairn-mpi-host would (orte_fork_agent): the program it is given is not run. It works until the file
// named by RANK_UNTIL exists, then ends as crcp would.
//   RANK_FAIL=R:HOW    rank R fails: "obstacle", "save" (before any fence) or "finish"
//   RANK_DIE=R         rank R is killed in the middle of a checkpoint
//   RANK_HANG=FILE     finish() waits until FILE exists
//   RANK_SAY=TEXT      what it says that it is doing in finish()
#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include "core/base/error.hpp"
#include "pmix/agent/agent.hpp"
#include "pmix/transport/pmix_transport.hpp"

namespace {

using namespace cairn;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool exists(const std::string& path) { return !path.empty() && ::access(path.c_str(), F_OK) == 0; }

void pause_briefly() { ::usleep(2000); }

pmix::Agent* agent = nullptr;

class FakeProcess final : public group::Member {
 public:
  explicit FakeProcess(int rank) : rank_(rank) {
    const std::string fail = variable("RANK_FAIL");
    if (fail.rfind(std::to_string(rank) + ":", 0) == 0) fail_ = fail.substr(fail.find(':') + 1);
  }

  std::string name() const override { return "a process that is none"; }
  std::string engine() const override { return rank_ == 2 ? "kmod" : "user"; }

  std::optional<Error> obstacle() const override {
    if (fail_ == "obstacle") return TemporaryError("a device that cannot be saved");
    return std::nullopt;
  }

  void stand(const group::Request&) override {}

  void save(const group::Request& request) override {
    request_ = request;
    finished_ = false;
    if (fail_ == "save") throw TemporaryError("the program does not answer");
    for (int i = 0; i < 5; ++i) {
      if (!fence()) throw TemporaryError("another rank cannot be saved");
      if (i == 1 && variable("RANK_DIE") == std::to_string(rank_)) ::kill(::getpid(), SIGKILL);
    }
    std::ofstream(request.path) << "image";
  }

  void release(int, int) override {}

  CheckpointStatistics finish(double) override {
    if (fail_ == "finish") {
      ::unlink(request_.path.c_str());
      throw EnvironmentError(with_errno("writing " + request_.path, ENOSPC));
    }
    agent->progress(variable("RANK_SAY"));
    while (!variable("RANK_HANG").empty() && !exists(variable("RANK_HANG"))) pause_briefly();
    std::ofstream(request_.path, std::ios::app) << " of rank " << rank_ << "\n";
    CheckpointStatistics result;
    result.bytes = static_cast<std::uint64_t>(std::ifstream(request_.path, std::ios::ate).tellg());
    finished_ = true;
    return result;
  }

  void abandon() noexcept override {
    if (!finished_) ::unlink(request_.path.c_str());
  }
  std::uint64_t bytes_so_far() const noexcept override { return 0; }

 private:
  // False when a rank has an obstacle or its callback did not run.
  bool fence() {
    cairn_agent_request current{};
    if (agent->request(current) != 0) throw std::logic_error("no request");
    const char mine = current.obstacle != 0 ? 'n' : 'y';
    if (agent->fence_begin(&mine, 1) != 0) throw std::logic_error("fence_begin");
    int done = 0;
    while ((done = agent->fence_test()) == 0) pause_briefly();
    if (done < 0) throw std::logic_error("fence_test");
    for (int r = 0; r < agent->size(); ++r) {
      char theirs = 'n';
      std::uint64_t n = 0;
      agent->part(r, &theirs, 1, n);
      if (n != 1 || theirs != 'y') return false;
    }
    return true;
  }

  int rank_;
  std::string fail_;
  group::Request request_;
  bool finished_ = false;  // the file is the snapshot's
};

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  agent = new pmix::Agent(
      std::make_unique<pmix::PmixTransport>(), std::make_unique<group::Group>([rank](const auto& known) {
        return known.empty() ? group::Group::Members{std::make_shared<FakeProcess>(rank)} : group::Group::Members{};
      }),
      pmix::CoordinatorAddress::from_environment(), [] {
        MPI_Finalize();
        ::_exit(0);
      });
  agent->start_threads();
  agent->guest_ready();
  while (!exists(variable("RANK_UNTIL"))) pause_briefly();
  MPI_Barrier(MPI_COMM_WORLD);
  agent->want_close();
  while (!agent->closed()) pause_briefly();
  MPI_Finalize();
  return 0;
}
