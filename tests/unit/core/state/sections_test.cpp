// SPDX-License-Identifier: Apache-2.0
// The sections of a context file that describe a process: what is written is read back, and nothing that is read
// can do more harm than an error.
#include <gtest/gtest.h>

#include <random>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "core/state/child_stops/state.hpp"
#include "core/state/descriptors/kinds/message_queue.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/files/read.hpp"
#include "core/state/guest/state.hpp"
#include "core/state/process/state.hpp"
#include "core/state/record_locks/state.hpp"
#include "core/state/shared_objects/state.hpp"
#include "core/state/signals/state.hpp"
#include "core/state/system_v/state.hpp"
#include "core/state/threads/state.hpp"
#include "core/state/timers/state.hpp"

namespace cairn::state {
namespace {

ProcessState some_process() {
  ProcessState process;
  process.pid = 4711;
  process.mask = 027;
  process.directory = "/home/someone";
  process.limits = {{1, 2}, {~0ULL, ~0ULL}};
  process.timers[1] = {20, -3};
  process.stopped = true;
  process.clocks = {"boot", 1, -2, 3};
  return process;
}

ThreadsState some_threads() {
  ThreadsState threads;
  threads.threads.resize(3);
  threads.threads[1].tid = 4712;
  threads.threads[1].rip = 0x123456789abc;
  threads.threads[2].name = "worker";
  threads.threads[2].affinity = {1, 2, 3};
  return threads;
}

FilesState some_files() {
  FilesState files;
  files.descriptions.resize(2);
  files.descriptions[1].path = "/a/file";
  files.descriptions[1].kind = 1;
  files.descriptions[1].detail = {1, 2, 3};
  files.descriptors = {{3, 1, true}, {4, 0, false}};
  return files;
}

SignalsState some_signals() {
  SignalsState signals;
  signals.actions[14].handler = 0x1000;
  signals.pending.resize(2);
  signals.pending[1].number = 40;
  signals.pending[1].has_info = true;
  signals.pending[1].info[5] = 7;
  signals.inherited = 1ULL << 63 | 1;
  return signals;
}

FileRecords some_records() {
  FileRecords records;
  records.files.resize(2);
  records.files[1].path = "/a/file";
  records.files[1].content = {1, 2};
  records.saved.push_back({1, 7});
  return records;
}

SystemVState some_system_v() {
  SystemVState state;
  state.objects.resize(2);
  state.objects[0].name = {CAIRN_SYSTEM_V_SEMAPHORES, 7};
  state.objects[0].values = {1, 2, 3};
  state.objects[0].size = 3;
  state.objects[1].name = {CAIRN_SYSTEM_V_QUEUE, 8};
  state.objects[1].messages = {{5, {1, 2, 3}}, {6, {}}};
  state.undos = {{7, 1, -2}};
  return state;
}

QueueDetail some_queue() { return {"/name", false, 0600, 10, 8192, {{3, {1, 2}}, {0, {}}}}; }
RecordLocks some_record_locks() { return {{{3, true, 100, 0}, {4, false, 0, 10}}}; }
SharedObjects some_shared_objects() { return {{{19, {1, 2}, 4711, {1, 2, 3}}}, {{0, true, true, 0, 0}}, true}; }

template <class State>
void comes_back(State state) {
  const auto bytes = encode(state);
  State again = decode<State>(bytes, "test");
  EXPECT_EQ(encode(again), bytes);
}

// Any damage gives a state or a PermanentError.
template <class State>
void survives_damage(State state) {
  const auto good = encode(state);
  std::mt19937 random(12345);
  for (int round = 0; round < 3000; ++round) {
    auto bytes = good;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; ++i) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
    try {
      static_cast<void>(decode<State>(bytes, "test"));
    } catch (const PermanentError&) {
    }
  }
}

TEST(state, what_is_written_is_read_back) {
  comes_back(some_process());
  comes_back(some_threads());
  comes_back(some_files());
  comes_back(some_signals());
  comes_back(some_records());
  comes_back(TimersState{{{1, 2, 3, 4, 5, 6, 7, -8}}});
  comes_back(GuestState{});
  comes_back(some_system_v());
  comes_back(some_queue());
  comes_back(some_record_locks());
  comes_back(ChildStops{{300, 301}});
  comes_back(some_shared_objects());
}

// Before contents were saved their list was not there; before version 3 the checksums were of 128 KiB at either end.
TEST(state, file_records_of_older_versions_are_read) {
  OldFileRecords old;
  for (const FileRecord& record : some_records().files) old.files.push_back({record});
  auto bytes = encode(old);
  for (const std::uint32_t version : {2U, 1U}) {
    EXPECT_THROW(read_file_records(bytes, version + 1), PermanentError);
    const FileRecords again = read_file_records(bytes, version);
    ASSERT_EQ(again.files.size(), 2u);
    EXPECT_EQ(again.files[1].path, "/a/file");
    EXPECT_EQ(again.files[1].end, 128u << 10);
    EXPECT_EQ(again.files[1].changed_ns, 0);
    bytes.resize(bytes.size() - 4);
  }
}

TEST(state, values_keep_sign_and_width) {
  const auto bytes = encode(*std::make_unique<ProcessState>(some_process()));
  const auto again = decode<ProcessState>(bytes, "process");
  EXPECT_EQ(again.timers[1].value_us, -3);
  EXPECT_EQ(again.limits[1].hard, ~0ULL);
  EXPECT_EQ(again.directory, "/home/someone");
  EXPECT_TRUE(again.stopped);
}

TEST(state, damage_is_an_error_at_worst) {
  survives_damage(some_process());
  survives_damage(some_threads());
  survives_damage(some_files());
  survives_damage(some_signals());
  survives_damage(some_records());
  survives_damage(some_system_v());
  survives_damage(some_queue());
  survives_damage(some_record_locks());
  survives_damage(ChildStops{{300, 301}});
  survives_damage(some_shared_objects());
}

TEST(state, every_truncation_is_an_error) {
  auto threads = some_threads();
  const auto bytes = encode(threads);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW(decode<ThreadsState>(std::span(bytes).first(length), "threads"), PermanentError) << length;
}

TEST(state, bytes_too_many_are_an_error) {
  auto files = some_files();
  auto bytes = encode(files);
  bytes.push_back(0);
  EXPECT_THROW(decode<FilesState>(bytes, "files"), PermanentError);
}

// A count that no file could hold must not be believed, let alone allocated.
TEST(state, a_huge_count_is_an_error_that_names_the_section) {
  const std::vector<std::uint8_t> bytes{0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
  try {
    static_cast<void>(decode<TimersState>(bytes, "timers"));
    FAIL() << "was believed";
  } catch (const PermanentError& error) {
    EXPECT_NE(std::string(error.what()).find("timers"), std::string::npos);
  }
}

}  // namespace
}  // namespace cairn::state
