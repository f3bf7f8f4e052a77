// SPDX-License-Identifier: Apache-2.0
// System V objects, POSIX message queues and locks on files, as a context file has them. The file may be hostile: what
// does not decode is PermanentError; contents are not judged.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>

#include "core/base/codec.hpp"
#include "core/base/text.hpp"
#include "core/cli/cr_info.hpp"
#include "core/state/descriptors/kinds/message_queue.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/kinds.hpp"
#include "core/state/record_locks/state.hpp"
#include "core/state/shared_objects/state.hpp"
#include "core/state/system_v/kind.hpp"

namespace cairn::cli {
namespace {

using context::Reader;
using state::FilesState;
using state::SystemVObject;

// Nothing if there is no such section, or it is of a version with other fields.
template <class State>
std::optional<State> state_in(const Reader& reader, std::uint32_t section) {
  for (const state::Kind* kind : state::kinds()) {
    if (kind->section != section) continue;
    for (const auto& s : reader.sections()) {
      if (s.type == section && s.version == kind->version) return decode<State>(s.bytes, State::section_name);
    }
  }
  return std::nullopt;
}

std::string contents_of(const SystemVObject& object) {
  if (object.name.kind == CAIRN_SYSTEM_V_MEMORY) return human_size(object.size);
  std::string text;
  if (object.name.kind == CAIRN_SYSTEM_V_QUEUE) {
    std::size_t bytes = 0;
    for (const state::SystemVMessage& message : object.messages) bytes += message.text.size();
    return std::to_string(object.messages.size()) + " messages, " + human_size(bytes);
  }
  for (std::size_t i = 0; i < object.values.size() && i < 16; ++i)
    text += (i == 0 ? "" : " ") + std::to_string(object.values[i]);
  return std::to_string(object.size) + " semaphores: " + text + (object.values.size() > 16 ? " ..." : "");
}

void print_system_v(const Reader& reader) {
  const auto state = state_in<state::SystemVState>(reader, CAIRN_CTX_SYSTEM_V);
  if (!state || state->objects.empty()) return;
  std::printf("System V objects:\n");
  for (const SystemVObject& object : state->objects) {
    std::printf("  %s, key 0x%08x, mode %03o, user %u, %s%s%s%s\n",
                state::described(object.name.kind, object.id).c_str(), static_cast<unsigned>(object.key),
                object.mode & 0777u, object.user, contents_of(object).c_str(), object.own ? "" : ", by reference",
                object.removed ? ", removed" : "", object.locked ? ", locked" : "");
  }
  for (const state::SemaphoreUndo& undo : state->undos)
    std::printf("  to undo: %+d, of semaphore %u of %d\n", undo.adjust, undo.number, undo.set);
}

void print_message_queues(const Reader& reader) {
  const auto state = state_in<state::SharedObjects>(reader, CAIRN_CTX_IPC);
  if (!state) return;
  bool first = true;
  for (const state::SharedObject& object : state->objects) {
    if (object.kind != state::message_queue_number) continue;
    if (first) std::printf("POSIX message queues:\n");
    first = false;
    if (object.detail.empty()) {
      std::printf("  one that process %d has saved\n", object.owner);
      continue;
    }
    const auto queue = decode<state::QueueDetail>(object.detail, "ipc, a message queue");
    std::printf("  %s, mode %03o, %zu of %lld messages of up to %lld bytes%s\n", printable(queue.name).c_str(),
                queue.mode & 0777u, queue.messages.size(), static_cast<long long>(queue.most_messages),
                static_cast<long long>(queue.most_bytes), queue.removed ? ", removed" : "");
  }
}

void print_lock(const char* how, bool exclusive, std::int64_t start, std::int64_t length, const std::string& path) {
  const std::string range = start == 0 && length == 0 ? "all"
                            : length == 0             ? "from byte " + std::to_string(start)
                                                      : std::to_string(length) + " bytes at " + std::to_string(start);
  std::printf("  %s, %s, %s: %s\n", how, exclusive ? "exclusive" : "shared", range.c_str(), printable(path).c_str());
}

std::string path_of(const FilesState& files, std::uint32_t description) {
  return description < files.descriptions.size() ? files.descriptions[description].path : "?";
}

void print_locks(const Reader& reader) {
  const auto files = state_in<FilesState>(reader, CAIRN_CTX_FILES).value_or(FilesState{});
  const auto record = state_in<state::RecordLocks>(reader, CAIRN_CTX_RECORD_LOCKS).value_or(state::RecordLocks{});
  const auto held = state_in<state::SharedObjects>(reader, CAIRN_CTX_IPC).value_or(state::SharedObjects{});
  if (record.locks.empty() && held.locks.empty()) return;
  std::printf("locks on files:\n");
  for (const state::RecordLock& lock : record.locks) {
    const auto found = std::find_if(files.descriptors.begin(), files.descriptors.end(),
                                    [&](const state::Descriptor& d) { return d.number == lock.number; });
    print_lock("of the process (F_SETLK)", lock.exclusive, lock.start, lock.length,
               found != files.descriptors.end() ? path_of(files, found->description) : "?");
  }
  for (const state::HeldLock& lock : held.locks)
    print_lock(lock.whole ? "of a description (flock)" : "of a description (F_OFD_SETLK)", lock.exclusive, lock.start,
               lock.length, path_of(files, lock.description));
}

}  // namespace

void print_ipc(const Reader& reader) {
  print_system_v(reader);
  print_message_queues(reader);
  print_locks(reader);
}

}  // namespace cairn::cli
