// SPDX-License-Identifier: Apache-2.0
#include "core/state/image.hpp"

#include <algorithm>

#include "core/abi/guest_table.h"
#include "core/abi/layout.h"
#include "core/base/codec.hpp"
#include "core/base/error.hpp"

namespace cairn::state {
namespace {

template <class State>
State read_section(const context::Reader& reader, std::uint32_t type, const char* name) {
  const auto section = reader.section(type);
  if (!section) throw PermanentError(reader.name() + ": section '" + name + "' is missing");
  if (section->version != State::version) {
    throw PermanentError(reader.name() + ": section '" + name + "' is of version " + std::to_string(section->version) +
                         ", this program knows " + std::to_string(State::version));
  }
  try {
    return decode<State>(section->bytes, name);
  } catch (const Error& error) {
    throw PermanentError(reader.name() + ": " + error.what());
  }
}

[[noreturn]] void contradiction(const Image& image, const std::string& what) {
  throw PermanentError(image.reader.name() + ": " + what);
}

bool in_arena(std::uint64_t address, std::uint64_t length) {
  return address >= CAIRN_PAGE_SIZE && length <= CAIRN_FIXED_BASE && address <= CAIRN_FIXED_BASE - length;
}

// Is [address, address + length) within areas of the image?
bool is_stored(const Image& image, std::uint64_t address, std::uint64_t length) {
  if (!in_arena(address, length)) return false;
  std::uint64_t at = address;
  for (const context::StoredArea& stored : image.reader.areas()) {
    if (stored.area.start <= at && at < stored.area.end) at = stored.area.end;
    if (at >= address + length) return true;
  }
  return false;
}

void check_threads(const Image& image) {
  const auto& threads = image.threads.threads;
  if (threads.empty()) contradiction(image, "it has no threads");
  if (threads[0].tid != image.process.pid) contradiction(image, "its first thread is not the main thread");
  for (const ThreadState& thread : threads) {
    const std::string name = "thread " + std::to_string(thread.tid);
    if (thread.tid <= 0) contradiction(image, name + " has no number");
    if (!is_stored(image, thread.thread_pointer, 0x800)) contradiction(image, name + "'s thread pointer is outside");
    if (!is_stored(image, thread.rsp - 0x800, 0x800)) contradiction(image, name + "'s stack is outside");
    if (!is_stored(image, thread.rip, 1)) contradiction(image, name + "'s code is outside");
    if (!is_stored(image, thread.clear_tid, 4)) contradiction(image, name + "'s tid word is outside");
    if (thread.name.size() > 15) contradiction(image, name + "'s name is too long");
  }
}

void check_files(const Image& image) {
  for (const Descriptor& descriptor : image.files.descriptors) {
    if (descriptor.number < 0 || descriptor.number >= 1 << 20 ||
        descriptor.description >= image.files.descriptions.size())
      contradiction(image, "descriptor " + std::to_string(descriptor.number) + " makes no sense");
  }
  for (const Description& description : image.files.descriptions) {
    if (description.standard < -1 || description.standard > 2 || description.kind > FileKind::standard ||
        (description.kind == FileKind::standard && description.standard < 0))
      contradiction(image, "the description of " + description.path + " makes no sense");
  }
}

void check_signals(const Image& image) {
  for (const Pending& pending : image.signals.pending) {
    if (pending.number < 1 || pending.number > signal_count)
      contradiction(image, "pending signal " + std::to_string(pending.number) + " does not exist");
  }
  for (const Action& action : image.signals.actions) {
    if (action.handler > 1 && !is_stored(image, action.handler, 1))
      contradiction(image, "a signal handler is outside the program");
  }
}

}  // namespace

Image read_image(const std::string& path) {
  context::Reader reader = context::Reader::open(path);
  Image image{std::move(reader), {}, {}, {}, {}, {}, {}, {}};
  image.process = read_section<ProcessState>(image.reader, CAIRN_CTX_PROCESS, "process");
  image.guest = read_section<GuestState>(image.reader, CAIRN_CTX_GUEST, "guest");
  image.threads = read_section<ThreadsState>(image.reader, CAIRN_CTX_THREADS, "threads");
  image.files = read_section<FilesState>(image.reader, CAIRN_CTX_FILES, "files");
  image.signals = read_section<SignalsState>(image.reader, CAIRN_CTX_SIGNALS, "signals");
  image.timers = read_section<TimersState>(image.reader, CAIRN_CTX_TIMERS, "timers");
  if (const auto section = image.reader.section(CAIRN_CTX_EXTENSION))
    image.extension.assign(section->bytes.begin(), section->bytes.end());
  if (image.guest.abi_version != CAIRN_GUEST_VERSION || image.guest.abi_size != sizeof(cairn_guest)) {
    contradiction(image, "it was made with libcr interface " + std::to_string(image.guest.abi_version) + "/" +
                             std::to_string(image.guest.abi_size) + ", this host knows " +
                             std::to_string(CAIRN_GUEST_VERSION) + "/" + std::to_string(sizeof(cairn_guest)));
  }
  if (image.guest.address % 8 != 0 || !is_stored(image, image.guest.address, sizeof(cairn_guest)))
    contradiction(image, "the guest's table is outside the program");
  check_threads(image);
  check_files(image);
  check_signals(image);
  return image;
}

}  // namespace cairn::state
