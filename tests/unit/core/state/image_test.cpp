// SPDX-License-Identifier: Apache-2.0
// A context file as a whole: what agrees with itself is read, and everything else is refused with a message that says
// which section, and why, before anybody acts on it.
#include "core/state/image.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <random>

#include "core/base/error.hpp"
#include "core/context/writer.hpp"
#include "core/state/credentials/state.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kinds/message_queue.hpp"
#include "core/state/extension/state.hpp"
#include "core/state/guest/state.hpp"
#include "core/state/kinds.hpp"
#include "core/state/memory/state.hpp"
#include "core/state/process/state.hpp"
#include "core/state/record_locks/state.hpp"
#include "core/state/settings/state.hpp"
#include "core/state/shared_objects/state.hpp"
#include "core/state/signals/state.hpp"
#include "core/state/system_v/state.hpp"
#include "core/state/threads/state.hpp"
#include "core/state/timers/state.hpp"
#include "tests/unit/core/context/support.hpp"

namespace cairn::state {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kStart = 0x10000000, kEnd = kStart + 0x100000;
constexpr std::uint64_t kInside = kStart + 0x8000, kOutside = kEnd + 0x1000;

// The smallest process that makes sense.
struct Forged {
  ProcessState process;
  GuestState guest;
  ThreadsState threads;
  FilesState files;
  SignalsState signals;
  TimersState timers;
  CredentialsState credentials;  // these three are written if the test has set something
  MemoryState memory;
  SettingsState settings;
  std::map<std::uint32_t, std::vector<std::uint8_t>> raw;  // sections as they are
  std::map<std::uint32_t, std::uint32_t> versions;         // of sections, where another than today's
  std::uint32_t left_out = 0;                              // a section

  Forged() {
    process.pid = 4711;
    guest.address = kInside;
    guest.abi_version = CAIRN_GUEST_VERSION;
    guest.abi_size = sizeof(cairn_guest);
    ThreadState main;
    main.tid = process.pid;
    main.thread_pointer = main.rsp = main.rip = main.clear_tid = kInside;
    threads.threads = {main};
  }

  Image read() {
    const test::TemporaryDirectory directory;
    context::WriterOptions options;
    options.path = directory / "context";
    options.sync = false;
    const auto writer = context::Writer::create(options);
    Area area;
    area.start = kStart;
    area.end = kEnd;
    area.vm_flags = "rd wr";
    writer->add_area(area, {}, false);
    add(*writer, CAIRN_CTX_PROCESS, 1, process);
    add(*writer, CAIRN_CTX_GUEST, 1, guest);
    add(*writer, CAIRN_CTX_THREADS, 1, threads);
    add(*writer, CAIRN_CTX_FILES, 2, files);
    add(*writer, CAIRN_CTX_SIGNALS, 2, signals);
    add(*writer, CAIRN_CTX_TIMERS, 1, timers);
    if (!credentials.threads.empty()) add(*writer, CAIRN_CTX_CREDENTIALS, 1, credentials);
    if (!memory.guards.empty()) add(*writer, CAIRN_CTX_MEMORY, 1, memory);
    if (!settings.threads.empty()) add(*writer, CAIRN_CTX_SETTINGS, 2, settings);
    for (const auto& [type, bytes] : raw) writer->add_section(type, type == CAIRN_CTX_IPC ? 2 : 1, bytes);
    writer->finish();
    return read_image(options.path);
  }

  template <class State>
  void add(context::Writer& writer, std::uint32_t type, std::uint32_t version, State& state) {
    if (type == left_out) return;
    if (versions.count(type) != 0) version = versions[type];
    writer.add_section(type, version, encode(state));
  }
};

std::string refusal(const std::function<void(Forged&)>& change) {
  Forged forged;
  change(forged);
  try {
    static_cast<void>(forged.read());
  } catch (const PermanentError& error) {
    return error.what();
  }
  return "was believed";
}

TEST(image, what_agrees_with_itself_is_read) {
  const Image image = Forged().read();
  EXPECT_EQ(image.get<ProcessState>().pid, 4711);
  EXPECT_EQ(image.get<ThreadsState>().threads.size(), 1u);
  EXPECT_TRUE(image.get<ExtensionState>().bytes.empty());  // not required
}

TEST(image, a_section_that_is_required_is_missed) {
  EXPECT_THAT(refusal([](Forged& f) { f.left_out = CAIRN_CTX_SIGNALS; }), HasSubstr("section 'signals' is missing"));
}

TEST(image, versions_of_sections_are_those_that_are_known) {
  EXPECT_THAT(refusal([](Forged& f) { f.versions[CAIRN_CTX_TIMERS] = 2; }),
              HasSubstr("section 'timers' is of version 2, this program knows 1"));
  EXPECT_THAT(refusal([](Forged& f) { f.versions[CAIRN_CTX_FILES] = 3; }),
              HasSubstr("section 'files' is of version 3, this program knows 1 to 2"));
}

TEST(image, a_version_that_the_bytes_are_not_of_is_damage) {
  EXPECT_THAT(refusal([](Forged& f) {
                f.files.descriptions.resize(1);
                f.versions[CAIRN_CTX_FILES] = 1;
              }),
              HasSubstr("section 'files' of the context file is damaged"));
}

TEST(image, threads_are_inside_the_program) {
  const auto main = [](Forged& f) -> ThreadState& { return f.threads.threads[0]; };
  EXPECT_THAT(refusal([](Forged& f) { f.threads.threads.clear(); }), HasSubstr("no threads"));
  EXPECT_THAT(refusal([&](Forged& f) { main(f).tid = 5; }), HasSubstr("not the main thread"));
  EXPECT_THAT(refusal([&](Forged& f) { main(f).rip = kOutside; }), HasSubstr("code is outside"));
  EXPECT_THAT(refusal([&](Forged& f) { main(f).rsp = kStart; }), HasSubstr("stack is outside"));
  EXPECT_THAT(refusal([&](Forged& f) { main(f).thread_pointer = ~0ULL; }), HasSubstr("thread pointer is outside"));
  EXPECT_THAT(refusal([&](Forged& f) { main(f).clear_tid = 0; }), HasSubstr("tid word is outside"));
}

TEST(image, credentials_and_settings_are_those_of_the_threads) {
  const auto alien = [](auto& list) { list.emplace_back().tid = 5; };
  EXPECT_THAT(refusal([&](Forged& f) { alien(f.credentials.threads); }), HasSubstr("not those of its threads"));
  EXPECT_THAT(refusal([&](Forged& f) { alien(f.settings.threads); }), HasSubstr("thread 5, which it does not have"));
}

TEST(image, guard_pages_are_inside_the_program) {
  const auto refused = [](std::uint64_t start, std::uint64_t end) {
    return refusal([&](Forged& f) { f.memory.guards = {{start, end}}; });
  };
  EXPECT_THAT(refused(kEnd, kEnd + 0x1000), HasSubstr("not in its memory"));
  EXPECT_THAT(refused(kStart, kEnd + 0x1000), HasSubstr("not in its memory"));
  EXPECT_THAT(refused(kInside, kInside), HasSubstr("not in its memory"));
  EXPECT_THAT(refused(kInside + 1, kInside + 0x1000), HasSubstr("not in its memory"));
}

TEST(image, the_table_of_libcr_is_inside_the_program) {
  EXPECT_THAT(refusal([](Forged& f) { f.guest.address = kEnd - 8; }), HasSubstr("table is outside"));
  EXPECT_THAT(refusal([](Forged& f) { f.guest.address += 1; }), HasSubstr("table is outside"));
  EXPECT_THAT(refusal([](Forged& f) { ++f.guest.abi_version; }), HasSubstr("this host knows"));
}

TEST(image, signals_exist_and_handlers_are_inside_the_program) {
  EXPECT_THAT(refusal([](Forged& f) { f.signals.pending.resize(1); }), HasSubstr("pending signal 0 does not exist"));
  EXPECT_THAT(refusal([](Forged& f) { f.signals.actions[3].handler = kOutside; }), HasSubstr("handler is outside"));
}

TEST(image, descriptors_have_a_description_of_a_known_kind) {
  EXPECT_THAT(refusal([](Forged& f) {
                f.files.descriptors = {{3, 0, false}};
              }),
              HasSubstr("descriptor 3 makes no sense"));
  EXPECT_THAT(refusal([](Forged& f) {
                f.files.descriptions.resize(1);
                f.files.descriptions[0].kind = 4711;
              }),
              HasSubstr("kind 4711, which this program does not know"));
  EXPECT_THAT(refusal([](Forged& f) { f.files.descriptions.resize(1); }), HasSubstr("damaged"));  // no detail
  EXPECT_THAT(refusal([](Forged& f) {
                f.files.descriptions.resize(1);
                f.files.descriptions[0].standard = 3;
              }),
              HasSubstr("makes no sense"));
}

// A file with a lock, each kind of System V object and a message queue, so that each section can be forged.
struct ForgedIpc {
  RecordLocks locks{{{3, true, 0, 10}}};
  SystemVState system_v;
  QueueDetail queue{"/queue", false, 0600, 10, 100, {{1, {1, 2, 3}}, {0, {}}}};

  ForgedIpc() {
    system_v.objects.resize(3);
    for (int i = 0; i < 3; ++i) system_v.objects[i].name = {static_cast<std::uint32_t>(i + 1), i};
    system_v.objects[0].size = 4096;
    system_v.objects[1].size = 2;
    system_v.objects[1].values = {1, 2};
    system_v.objects[2].messages = {{1, {1, 2, 3}}};
    system_v.undos = {{1, 0, -1}};
  }
  Forged all() {
    Forged forged;
    forged.files.descriptions.resize(1);
    EndDetail end{{1, 2}, {}};
    forged.files.descriptions[0] = {message_queue_number, "/queue", O_RDWR, -1, 0, 0, encode(end)};
    forged.files.descriptors = {{3, 0, false}};
    SharedObjects shared{{{message_queue_number, {1, 2}, 4711, encode(queue)}}, {}, false};
    forged.raw = {{CAIRN_CTX_IPC, encode(shared)},
                  {CAIRN_CTX_RECORD_LOCKS, encode(locks)},
                  {CAIRN_CTX_SYSTEM_V, encode(system_v)}};
    return forged;
  }
};

std::string refusal_of_ipc(const std::function<void(ForgedIpc&)>& change) {
  ForgedIpc forged;
  change(forged);
  return refusal([&](Forged& f) { f = forged.all(); });
}

TEST(image, system_v_objects_make_sense) {
  EXPECT_EQ(ForgedIpc().all().read().get<SystemVState>().objects.size(), 3u);
  const auto refused = [](const std::function<void(SystemVState&)>& change) {
    return refusal_of_ipc([&](ForgedIpc& f) { change(f.system_v); });
  };
  EXPECT_THAT(refused([](auto& s) { s.objects[0].size = ~0ULL; }), HasSubstr("shared memory 0 makes no sense"));
  EXPECT_THAT(refused([](auto& s) { s.objects[0].content = 7; }), HasSubstr("makes no sense"));
  EXPECT_THAT(refused([](auto& s) { s.objects[1].size = 0x10000; }), HasSubstr("semaphores 0 makes no sense"));
  EXPECT_THAT(refused([](auto& s) { s.objects[1].values.pop_back(); }), HasSubstr("makes no sense"));
  EXPECT_THAT(refused([](auto& s) { s.objects[2].mode = 01777; }), HasSubstr("makes no sense"));
  EXPECT_THAT(refused([](auto& s) { s.objects[2].name.kind = 4; }), HasSubstr("makes no sense"));
  EXPECT_THAT(refused([](auto& s) { s.objects[1].name = s.objects[0].name; }), HasSubstr("makes no sense"));
  EXPECT_THAT(refused([](auto& s) { s.undos[0].set = 5; }), HasSubstr("to undo makes no sense"));
}

TEST(image, message_queues_and_locks_make_sense) {
  const auto refused = [](const std::function<void(QueueDetail&)>& change) {
    return refusal_of_ipc([&](ForgedIpc& f) { change(f.queue); });
  };
  EXPECT_THAT(refused([](auto& q) { q.name = "queue"; }), HasSubstr("message queue queue makes no sense"));
  EXPECT_THAT(refused([](auto& q) { q.most_bytes = 2; }), HasSubstr("makes no sense"));
  EXPECT_THAT(refused([](auto& q) { q.most_messages = -1; }), HasSubstr("makes no sense"));
  EXPECT_THAT(refused([](auto& q) { q.mode = 04600; }), HasSubstr("makes no sense"));
  EXPECT_THAT(refusal_of_ipc([](ForgedIpc& f) { f.locks.locks[0].number = 9; }), HasSubstr("descriptor 9"));
  EXPECT_THAT(refusal_of_ipc([](ForgedIpc& f) { f.locks.locks[0].start = -1; }), HasSubstr("descriptor 3"));
}

// Whatever is in these sections: a state, or an error. CAIRN_FUZZ_RUNS: how often.
TEST(image, damaged_ipc_is_an_error_at_worst) {
  const char* const wanted = std::getenv("CAIRN_FUZZ_RUNS");
  const int runs = wanted != nullptr ? std::atoi(wanted) : 500;
  const Forged good = ForgedIpc().all();
  std::mt19937 random(12345);
  int believed = 0;
  for (int run = 0; run < runs; ++run) {
    Forged forged = good;
    auto& bytes = std::next(forged.raw.begin(), random() % 3)->second;
    for (unsigned i = 1 + random() % 4; i > 0; --i) {
      const std::size_t at = random() % bytes.size();
      // Counts and sizes are of several bytes.
      for (std::size_t n = random() % 3 == 0 ? 4 : 1; n > 0 && at + n <= bytes.size(); --n)
        bytes[at + n - 1] = static_cast<std::uint8_t>(random() % 2 == 0 ? 0xff : random());
    }
    if (random() % 8 == 0) bytes.resize(random() % (bytes.size() + 1));
    try {
      static_cast<void>(forged.read());
      ++believed;
    } catch (const PermanentError&) {
    }
  }
  EXPECT_LT(believed, runs);
}

TEST(image, every_kind_that_writes_a_section_reads_it) {
  for (const Kind* kind : kinds()) {
    EXPECT_EQ(kind->section != 0, kind->read != nullptr) << kind->name;
    EXPECT_LE(kind->oldest, kind->version) << kind->name;
  }
}

}  // namespace
}  // namespace cairn::state
