// SPDX-License-Identifier: Apache-2.0
// What coordinator, agents and tools say to each other: one struct a message, carried as records (record_fields.hpp).
// Plain data. Seconds, bytes; codes are those of core/base/exit_codes.h, 0 for success.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/abi/checkpoint_parameters.hpp"
#include "core/abi/checkpoint_statistics.hpp"
#include "core/base/exit_codes.h"

namespace cairn::pmix {

// --- rank 0's agent to the coordinator ---

struct Hello {
  static constexpr const char* type = "hello";
  std::string job, host;
  std::uint64_t size = 0, pid = 0;
  std::string crossing;  // as in Crossing
  template <class A>
  void fields(A& a) {
    a("job", job), a("size", size), a("host", host), a("pid", pid), a("crossing", crossing);
  }
};

// How rank 0 calls MPI from now on, and why if it is not as wanted: "light", "full: NAME has ...".
struct Crossing {
  static constexpr const char* type = "crossing";
  std::string text;
  template <class A>
  void fields(A& a) {
    a("text", text);
  }
};

// The log is closed: no order is taken.
struct Refused {
  static constexpr const char* type = "refused";
  std::string text;
  template <class A>
  void fields(A& a) {
    a("text", text);
  }
};

// The agent leaves.
struct Closed {
  static constexpr const char* type = "closed";
  template <class A>
  void fields(A&) {}
};

// What has become of an order with `term`: the job goes on after it, whatever the coordinator may have decided.
struct GoesOn {
  static constexpr const char* type = "goes-on";
  std::uint64_t entry = 0;
  template <class A>
  void fields(A& a) {
    a("n", entry);
  }
};

// What became of one rank's checkpoint.
struct RankResult {
  static constexpr const char* type = "result";
  int code = CAIRN_EXIT_PERMANENT;
  std::string text = "no result", host;
  std::string engine;  // that saved its memory: "user", "kmod"
  std::uint64_t pid = 0;
  CheckpointStatistics statistics;
  // If it has children: processes of its tree with itself; bytes of the others' files, checksum of their index.
  std::uint64_t members = 0, tree_bytes = 0, tree_checksum = 0;
  bool follows = false;  // it failed because of what another rank says
  std::string wrapper;   // what waits for the rank's program and is not saved: its command line; empty: nothing
  template <class A>
  void fields(A& a) {
    a("code", code), a("text", text), a("host", host), a("engine", engine), a("pid", pid);
    statistics.fields(a);
    a("members", members), a("tree_bytes", tree_bytes), a("tree_checksum", tree_checksum);
    a("follows", follows), a("wrapper", wrapper);
  }
};

struct Results {
  static constexpr const char* type = "results";
  std::uint64_t entry = 0, id = 0;  // number of the log entry; the order's id
  std::map<std::uint64_t, RankResult> ranks;
  template <class A>
  void fields(A& a) {
    a("n", entry), a("id", id), a("r", ranks);
  }
};

// What a thread of a program does in MPI (mpi/abi/agent.h): the call, on what, for whom it waits, from where.
struct ThreadState {
  static constexpr const char* type = "thread";
  std::string call, object, peers, at;
  std::uint64_t comm = 0, round = 0;
  template <class A>
  void fields(A& a) {
    a("call", call), a("object", object), a("peers", peers), a("at", at);
    a("comm", comm), a("round", round);
  }
};

// What one rank is doing.
struct RankState {
  static constexpr const char* type = "state";
  std::string phase, text;
  double seconds = 0;       // in this phase
  std::uint64_t bytes = 0;  // written until now
  // Of its program, while ranks come to the cut: the threads in MPI, numbered as the agent was told, and where it is
  // late.
  std::map<std::uint64_t, ThreadState> threads;
  std::string late_on;
  template <class A>
  void fields(A& a) {
    a("phase", phase), a("text", text), a("seconds", seconds), a("bytes", bytes);
    a("thread", threads), a("late_on", late_on);
  }
};

// Of the ranks that answered in time.
struct SurveyAnswer {
  static constexpr const char* type = "survey";
  std::uint64_t id = 0;
  std::map<std::uint64_t, RankState> ranks;
  template <class A>
  void fields(A& a) {
    a("id", id), a("r", ranks);
  }
};

// --- any rank's agent to the coordinator, on a connection for this alone ---

// Whether the job ends after an order with `term`: passed when the manifest is on disk.
inline constexpr std::uint64_t kStepOfEnd = ~std::uint64_t{0};

// Do all ranks pass step `step` of log entry `entry`, or none? The first vote decides.
struct Vote {
  static constexpr const char* type = "vote";
  std::string job;
  std::uint64_t entry = 0, step = 0;
  bool pass = false;
  template <class A>
  void fields(A& a) {
    a("job", job), a("n", entry), a("step", step), a("pass", pass);
  }
};

// The answer.
struct Verdict {
  static constexpr const char* type = "verdict";
  std::uint64_t entry = 0, step = 0;
  bool passed = false;
  template <class A>
  void fields(A& a) {
    a("n", entry), a("step", step), a("passed", passed);
  }
};

// --- the coordinator to rank 0's agent ---

// An order for a checkpoint, which becomes an entry of the log as it is.
struct CheckpointOrder {
  static constexpr const char* type = "checkpoint";
  std::uint64_t id = 0;
  bool term = false;               // the job ends afterwards
  std::string directory, objects;  // of the sequence; of files stored once
  CheckpointParameters parameters;
  template <class A>
  void fields(A& a) {
    a("id", id), a("term", term), a("directory", directory), a("objects", objects);
    parameters.fields(a);
  }
};

// Ends the log.
struct CloseEntry {
  static constexpr const char* type = "close";
  template <class A>
  void fields(A&) {}
};

// After an order with `term`: is the manifest on disk, so that the job may end?
struct Decision {
  static constexpr const char* type = "decision";
  std::uint64_t entry = 0;
  bool commit = false;
  template <class A>
  void fields(A& a) {
    a("n", entry), a("commit", commit);
  }
};

struct SurveyQuestion {
  static constexpr const char* type = "survey";
  std::uint64_t id = 0;
  double seconds = 2;
  template <class A>
  void fields(A& a) {
    a("id", id), a("seconds", seconds);
  }
};

// --- tools to the coordinator, and its answers ---

struct CheckpointWish {
  static constexpr const char* type = "checkpoint";
  bool term = false, stop = false;  // what becomes of the job
  bool nowait = false;              // the answer comes at once
  bool patient = false;             // waits for the end of a checkpoint that is being taken
  double timeout = 0;               // 0: mpirun's own
  bool save_files = false;          // as CheckpointParameters has it, or mpirun's own
  std::string ticket{};             // by which it can be withdrawn
  template <class A>
  void fields(A& a) {
    a("term", term), a("stop", stop), a("nowait", nowait), a("patient", patient);
    a("timeout", timeout), a("save_files", save_files), a("ticket", ticket);
  }
};

// Of a wish that is being carried out; and the answer: nothing will come of it.
struct Withdrawal {
  static constexpr const char* type = "withdraw";
  std::string ticket;
  template <class A>
  void fields(A& a) {
    a("ticket", ticket);
  }
};

struct Withdrawn {
  static constexpr const char* type = "withdrawn";
  template <class A>
  void fields(A&) {}
};

struct Failed {
  static constexpr const char* type = "failed";
  int code = CAIRN_EXIT_PERMANENT;
  std::string text;
  std::int64_t rank = -1;  // the first that says so, if it is a rank
  template <class A>
  void fields(A& a) {
    a("code", code), a("text", text), a("rank", rank);
  }
};

struct Started {
  static constexpr const char* type = "started";
  std::uint64_t sequence = 0;
  std::string snapshot;  // directory
  template <class A>
  void fields(A& a) {
    a("sequence", sequence), a("snapshot", snapshot);
  }
};

struct Done {
  static constexpr const char* type = "done";
  std::uint64_t sequence = 0, bytes = 0;
  std::string snapshot;
  double seconds = 0;
  std::string engine;  // as the manifest has it
  std::string note;    // what whoever asked should know of it, for people
  template <class A>
  void fields(A& a) {
    a("sequence", sequence), a("snapshot", snapshot), a("bytes", bytes), a("seconds", seconds), a("engine", engine);
    a("note", note);
  }
};

struct JobStatus {
  static constexpr const char* type = "status";
  std::string state;  // "starting", "restarting", "running", "stopped", "checkpointing", "finalizing", "ended"
  std::string program;
  double seconds = 0;  // of the checkpoint that is being taken
  std::uint64_t size = 0;
  std::map<std::uint64_t, RankState> ranks;  // while a checkpoint is taken
  std::uint64_t last_sequence = 0;
  std::string last_taken;  // ISO 8601, UTC; empty: this mpirun has taken none
  double next = -1;        // seconds until mpirun takes one by itself; negative: it takes none
  std::string failed_at;   // ISO 8601, UTC; empty: no checkpoint has failed
  std::string failure;     // why the last one that failed did
  std::string crossing;    // as in Crossing; empty: unknown
  template <class A>
  void fields(A& a) {
    a("state", state), a("program", program), a("seconds", seconds), a("ranks", size), a("r", ranks);
    a("last_sequence", last_sequence), a("last_taken", last_taken), a("next", next);
    a("failed_at", failed_at), a("failure", failure), a("crossing", crossing);
  }
};

struct SequenceSummary {
  static constexpr const char* type = "sequence";
  std::string taken;
  double seconds = 0;
  std::uint64_t bytes = 0;
  template <class A>
  void fields(A& a) {
    a("taken", taken), a("seconds", seconds), a("bytes", bytes);
  }
};

struct SequenceList {
  static constexpr const char* type = "list";
  std::string snapshot;
  std::map<std::uint64_t, SequenceSummary> sequences;
  template <class A>
  void fields(A& a) {
    a("snapshot", snapshot), a("s", sequences);
  }
};

}  // namespace cairn::pmix
