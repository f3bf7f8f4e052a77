// SPDX-License-Identifier: Apache-2.0
// What a kind of process state is: how it is captured, read back, and revived. kinds.cpp has the table of all, which
// checkpoint and restart walk; a kind that is not in it does not exist. Each kind is a folder: state.hpp (what its
// section holds), capture.cpp, revive.cpp, kind.cpp (its row).
//
// Ordinary code on one host thread at a time; a restart's is the main thread. The revivers live as long as the
// process, since its threads read from them until they run.
// Errors: TemporaryError and PermanentError from capture, PermanentError and EnvironmentError from a restart.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/abi/guest_table.h"
#include "core/abi/restart_options.hpp"
#include "core/context/area.hpp"
#include "core/state/documentation.hpp"
#include "core/state/own_calls.hpp"
#include "core/state/record_locks/state.hpp"
#include "core/state/resident.hpp"
#include "core/state/shared_objects/state.hpp"
#include "core/state/system_v/state.hpp"

namespace cairn::context {
class Writer;
}

namespace cairn::state {

class Image;
struct Resume;

// What the kinds are told of a checkpoint, while the guest stands, and what they find for the engine.
struct Capture {
  const cairn_guest& guest;
  std::uint32_t epoch = 0;
  bool was_stopped = false;                   // by job control
  std::uint64_t brk_start = 0, brk_end = 0;   // by process
  std::vector<Area> areas{};                  // by memory
  context::Writer* contents = nullptr;        // takes contents of files, if they are to be saved
  context::Writer* writer = nullptr;          // of the context file: takes contents of files without a path
  SharedObjects shared{};                     // by descriptors
  std::vector<RecordLock> record_locks{};     // by descriptors, until record_locks
  std::set<ObjectIdentity> locked_files{};    // by descriptors: closing one of these would end such locks
  std::set<std::uint64_t> saved_elsewhere{};  // by memory: as the engine's
};

// The order of a restart. In each stage all kinds do their part, in no particular order: what must come after
// something else has a later stage. core/host/revive.cpp does the host's own steps in between.
enum class Stage {
  // The process has one thread, and nothing of the guest.
  early,
  // Nothing has been changed: what cannot be had here is refused by name.
  check,
  // All kinds have found that they can go on: files are made what they were.
  files,
  // What the guest refers to is opened, on descriptors of the host.
  open,
  // The host has made neither threads nor mappings: numbers and addresses that the guest wants are taken.
  reserve,
  // The host is complete (MPI_Init, donors, plug, fixed area), and all signals are blocked.
  memory,
  // The guest's memory is readable; its own pointers have not been looked at.
  guest,
  // The guest's table is known to be sound.
  process,
  descriptors,
  actions,
  // The control thread runs; the guest's table tells its threads to wait. Signals are blocked again.
  threads,
  // The guest's threads have numbers and wait in libcr, with all signals blocked.
  pending,
  timers,
  locks,
  // From here on the process may have no more than the guest may.
  limits,
  // What begins to run down, or to ring.
  last,
  // Each thread makes its own calls (Restart::own_calls, which is complete): the guest's rights instead of the host's.
  own_calls,
  // On a thread of the host; the guest's stand in libcr, and go on next.
  go,
};

// The thread numbers of the image and those of now.
using ThreadNumbers = std::map<int, int>;

// The number of now for one of the image; 0 if no thread had it.
inline int current_number(const ThreadNumbers& numbers, int saved) {
  const auto found = numbers.find(saved);
  return found == numbers.end() ? 0 : found->second;
}

// What the steps of a restart hand to one another.
struct Restart {
  const Image& image;
  const restart::Options& options;
  std::vector<host::AddressRange> reserved{};  // by memory in `reserve`: ascending, neighbours in one
  cairn_guest* guest = nullptr;                // by guest in `guest`
  ThreadNumbers numbers{};                     // by threads in `threads`
  OwnCalls own_calls{};                        // by several, until `last`; made by threads in `own_calls`
  const Resume* main_thread = nullptr;         // by threads in `threads`: what the main thread goes on with
  bool starter_changed = false;                // by starter in `last`: what is shared with it has to be put back
  std::vector<int> signals{};                  // by starter in `last`: for the process, once it runs
  std::vector<std::string> notes{};            // for the user: what was done to files and the like
  // By descriptors in `open`, until `descriptors`: what files without a path have become, by what they were. The
  // descriptors are the host's.
  std::map<ObjectIdentity, int> nameless{};
  std::map<SystemVName, std::int32_t> system_v{};  // by system_v in `open`: the kernel's numbers of now
};

class Reviver {
 public:
  virtual ~Reviver() = default;
  // Called once for each stage, in their order; most stages are nothing to most kinds.
  virtual void restore(Stage stage) = 0;
};

struct Kind {
  const char* name;       // of the section, for messages
  std::uint32_t section;  // CAIRN_CTX_...; 0: no section of its own
  std::uint32_t version;  // of the section, as written
  std::uint32_t oldest;   // and the oldest that can still be read
  bool required;          // every file has it; else it reads as a state of defaults
  // Throws what cannot be saved. While the guest runs: it describes a moving target. May be null, as all below.
  void (*obstacle)(const cairn_guest& guest);
  // The section's bytes; with none, no section is written. The guest stands. Throws.
  std::vector<std::uint8_t> (*capture)(Capture& capture);
  // Decodes and keeps the section. The bytes are hostile: PermanentError.
  void (*read)(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version);
  // What the section says must make sense beside all others, which have been read: PermanentError.
  void (*check)(const Image& image);
  std::unique_ptr<Reviver> (*prepare)(Restart& restart);
  Documentation documentation;
};

}  // namespace cairn::state
