// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "pmix/manifest/manifest.hpp"
#include "tests/unit/scratch_directory.hpp"

namespace cairn::test {

// Runs it in a process of its own, which is gone afterwards as if it had been killed.
inline void in_killed_process(const std::function<void()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid || status != 0) throw std::runtime_error("in_killed_process");
}

inline manifest::Sequence sequence_of(unsigned ranks, std::uint64_t number) {
  manifest::Sequence s;
  s.taken = "2024-01-01T00:00:00Z";
  s.seconds = 1.25;
  s.parameters.engine = "user";
  s.parameters.compress = "lz4";
  for (unsigned r = 0; r < ranks; ++r) {
    manifest::Rank rank;
    rank.pid = 1000 + r;
    rank.host = r % 2 == 0 ? "node" : "a-longer-name";
    rank.engine = r == 1 ? "user" : "kmod";
    rank.wrapper = r == 2 ? "/bin/sh ./w.sh" : "";
    rank.path = std::to_string(number) + "/rank_" + std::to_string(r) + ".ctx";
    rank.statistics.bytes = 4096 * (r + 1);
    rank.statistics.checksum = 0xfedcba9876543210ULL + r;
    rank.statistics.pages_seen = 7 + r;
    rank.statistics.pages_stored = 3 + r;
    rank.statistics.callback_seconds = 0.5;
    rank.statistics.write_seconds = 0.125 * r;
    s.ranks.push_back(rank);
  }
  return s;
}

inline manifest::Manifest sample() {
  manifest::Manifest m;
  m.job.mpirun_pid = 4711;
  m.job.ranks = 3;
  m.job.created = "2023-12-31T23:59:59Z";
  m.job.openmpi_version = "4.1.4";
  m.job.arguments = {"-np", "3", "./a b", "", "\xc3\xa4"};
  m.job.environment = {"OMPI_MCA_btl=self,tcp"};
  m.job.working_directory = "/home/somebody";
  m.sequences[0] = sequence_of(3, 0);
  m.sequences[12] = sequence_of(3, 12);
  return m;
}

}  // namespace cairn::test
