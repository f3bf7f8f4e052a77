// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/base/text.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/host_at_rest.hpp"
#include "core/state/extension.hpp"
#include "core/state/memory/area_text.hpp"
#include "core/state/memory/kind.hpp"
#include "core/state/memory/particulars.hpp"
#include "core/state/process/state.hpp"
#include "core/state/system_v/memory.hpp"

namespace cairn::state {
namespace {

using context::StoredArea;

constexpr int kDroppable = 0x08;  // MAP_DROPPABLE, Linux 6.11; newer than Debian 12's headers

bool is_shared_file(const Area& area) { return area.shared && !area.path.empty() && !area.deleted; }
// Write permission may be wanted later by mprotect(), so it is kept where the former mapping could have it.
bool may_be_written(const Area& area) { return has_flag(area, "mw"); }
// What reserve() has put there is it.
bool is_reservation(const StoredArea& stored) {
  const Area& area = stored.area;
  return area.prot == PROT_NONE && !area.shared && stored.object == CAIRN_CTX_NONE && !area.grows_down &&
         !area.huge_tlb && !has_flag(area, "ac") && !has_flag(area, "dp");
}
bool has_payload(const StoredArea& stored) { return stored.stored_pages + stored.zero_pages != 0; }
void* place(const Area& area) { return reinterpret_cast<void*>(area.start); }
std::size_t length(const Area& area) { return area.end - area.start; }

// Many areas may show one file: by path, whether it may be written, and whether it is.
using SharedFiles = std::map<std::tuple<std::string, bool, bool>, UniqueFd>;

UniqueFd open_shared_file(const Image& image, const Area& area, const std::string& path) {
  const bool writable = may_be_written(area);
  UniqueFd fd = reopen_path_as_owner(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY);
  if (!fd && writable && (area.prot & PROT_WRITE) == 0) fd = reopen_path_as_owner(path, O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0)
    throw EnvironmentError(image.reader().name() + ": " + with_errno("mapped file " + path, errno));
  if (!S_ISREG(status.st_mode))
    throw EnvironmentError(image.reader().name() + ": mapped file " + area.path.string() +
                           " is not a regular file any more");
  return fd;
}

// What the program could only read of a file that it mapped is the file's, also where the file is memory (tmpfs).
bool is_loaded(const StoredArea& stored) {
  return has_payload(stored) && (!is_shared_file(stored.area) || may_be_written(stored.area));
}

struct Advice {
  const char* flag;
  int advice;
};
constexpr Advice kAdvice[] = {{"hg", MADV_HUGEPAGE},   {"nh", MADV_NOHUGEPAGE}, {"mg", MADV_MERGEABLE},
                              {"sr", MADV_SEQUENTIAL}, {"rr", MADV_RANDOM},     {"dc", MADV_DONTFORK},
                              {"wf", MADV_WIPEONFORK}, {"dd", MADV_DONTDUMP}};

class Memory : public Reviver {
 public:
  explicit Memory(Restart& restart) : restart_(restart), image_(restart.image), state_(image_.get<MemoryState>()) {}
  void restore(Stage stage) override;

 private:
  void open_files();
  void reserve();
  std::vector<host::AddressRange> reserved() const;
  void map(std::size_t index);
  int nameless_file(const Area& area);
  int shared_memory(const Area& area);
  void load();
  void lock();
  void note_lock_of_future();

  Restart& restart_;
  const Image& image_;
  const MemoryState& state_;
  std::vector<UniqueFd> objects_;  // by object index
  SharedFiles files_;
  std::map<std::uint64_t, int> file_of_;  // by start of the area
  struct Shared {
    std::uint64_t device, inode;
    UniqueFd fd;
  };
  std::vector<Shared> shared_;  // anonymous shared memory, one per former object
};

void Memory::restore(Stage stage) {
  const host::LowNumbers low;  // a file each
  if (stage == Stage::open) open_files();
  if (stage == Stage::reserve) reserve();
  if (stage == Stage::memory) load();
  if (stage == Stage::locks) lock();
  if (stage == Stage::last) note_lock_of_future();
}

// Every file that the areas need; one that is missing or has changed is refused by name.
void Memory::open_files() {
  const auto& areas = image_.reader().areas();
  objects_.resize(image_.reader().objects().size());
  for (const StoredArea& stored : areas) {
    if (stored.object != CAIRN_CTX_NONE && !objects_[stored.object])
      objects_[stored.object] = image_.reader().open_object(stored.object);
    if (!is_shared_file(stored.area)) continue;
    const std::string path = restart::relocated(restart_.options, stored.area.path);
    UniqueFd& file = files_[{path, may_be_written(stored.area), (stored.area.prot & PROT_WRITE) != 0}];
    if (!file) file = open_shared_file(image_, stored.area, path);
    file_of_[stored.area.start] = file.get();
  }
}

// A file without a path that the program has open as well is there again. Where writing was not permitted it is not
// now. -1 if it is no such file.
int Memory::nameless_file(const Area& area) {
  const auto found = restart_.nameless.find({area.device, area.inode});
  if (found == restart_.nameless.end()) return -1;
  if (may_be_written(area)) return found->second;
  const std::string link = "/proc/self/fd/" + std::to_string(found->second);
  shared_.push_back({0, 0, UniqueFd(open(link.c_str(), O_RDONLY | O_CLOEXEC))});
  return shared_.back().fd.get();
}

// One memfd stands for what was one object before, so that its mappings go on sharing.
int Memory::shared_memory(const Area& area) {
  if (const int file = nameless_file(area); file >= 0) return file;
  auto known = std::find_if(shared_.begin(), shared_.end(),
                            [&](const Shared& s) { return s.inode == area.inode && s.device == area.device; });
  if (known == shared_.end()) {
    UniqueFd fd(host::extension().shared_memory(shared_memory_name(area)));
    if (!fd) fd.reset(memfd_create(shared_memory_name(area).c_str(), MFD_CLOEXEC));
    if (!fd) throw EnvironmentError(with_errno("shared memory for " + named_range(area), errno));
    shared_.push_back({area.device, area.inode, std::move(fd)});
    known = std::prev(shared_.end());
  }
  struct stat status {};
  fstat(known->fd.get(), &status);
  const auto end = static_cast<off_t>(area.file_offset + length(area));
  if (status.st_size < end && ftruncate(known->fd.get(), end) != 0)
    throw EnvironmentError(with_errno("shared memory for " + named_range(area), errno));
  return known->fd.get();
}

// While the arena is still empty: once the host's other threads run, some library of theirs may have the kernel map
// something there (libc's own calls are not carved out of the plug).
void Memory::reserve() {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  restart_.reserved = reserved();
  for (const host::AddressRange& range : restart_.reserved) {
    void* start = reinterpret_cast<void*>(range.start);
    if (host::arena_mmap(start, range.end - range.start, PROT_NONE, flags, -1, 0) != start)
      throw EnvironmentError(with_errno(
          "the address of the program's memory is taken: " + hex(range.start) + "-" + hex(range.end), errno));
  }
}

std::vector<host::AddressRange> Memory::reserved() const {
  std::vector<host::AddressRange> ranges;
  for (const StoredArea& stored : image_.reader().areas()) {
    if (!ranges.empty() && ranges.back().end == stored.area.start) {
      ranges.back().end = stored.area.end;
    } else {
      ranges.push_back({stored.area.start, stored.area.end});
    }
  }
  return ranges;
}

void Memory::map(std::size_t index) {
  const StoredArea& stored = image_.reader().areas()[index];
  const Area& area = stored.area;
  if (is_reservation(stored) && !has_payload(stored)) return restore_particulars(state_, area);
  if (is_system_v(area)) {
    attach_area(area, restart_.system_v.at(name_of_memory(area.inode)), may_be_written(area) || has_payload(stored));
    return restore_particulars(state_, area);
  }
  int prot = static_cast<int>(area.prot), flags = MAP_FIXED, fd = -1;
  std::uint64_t offset = 0;
  if (is_loaded(stored)) prot |= PROT_READ | PROT_WRITE;
  if (is_shared_file(area)) {
    fd = file_of_.at(area.start);
    offset = area.file_offset;
    flags |= MAP_SHARED;
  } else if (area.shared) {
    fd = shared_memory(area);
    offset = area.file_offset;
    flags |= MAP_SHARED;
  } else if (stored.object != CAIRN_CTX_NONE) {
    fd = objects_[stored.object].get();
    offset = stored.object_offset;
    flags |= MAP_PRIVATE;
  } else {
    flags |= MAP_PRIVATE | MAP_ANONYMOUS | (area.grows_down ? MAP_GROWSDOWN : 0) | (area.huge_tlb ? MAP_HUGETLB : 0);
  }
  if (has_flag(area, "dp")) flags = (flags & ~MAP_TYPE) | kDroppable;
  // Memory that was not accounted for may exceed what this machine would promise.
  if (area.no_reserve || (!area.shared && !has_flag(area, "ac"))) flags |= MAP_NORESERVE;
  void* mapped = host::arena_mmap(place(area), length(area), prot, flags, fd, static_cast<off_t>(offset));
  if (mapped != place(area))
    throw EnvironmentError(with_errno("cannot map the program's memory " + named_range(area), errno));
  if (area.shared && !is_shared_file(area) && offset == 0)
    host::extension().shared_memory_mapped(area.start, shared_memory_name(area), fd);
  restore_particulars(state_, area);
}

// Maps all areas, loads them with several threads, sets protection and advice.
void Memory::load() {
  const auto& areas = image_.reader().areas();
  std::vector<context::LoadTarget> targets;
  for (std::size_t i = 0; i < areas.size(); ++i) {
    map(i);
    if (is_loaded(areas[i])) targets.push_back({static_cast<std::uint32_t>(i), place(areas[i].area)});
  }
  image_.reader().load(targets, std::clamp(std::thread::hardware_concurrency(), 1u, 4u));
  for (const StoredArea& stored : areas) {
    const Area& area = stored.area;
    if (is_system_v(area) && has_payload(stored) && !may_be_written(area))
      attach_area(area, restart_.system_v.at(name_of_memory(area.inode)), false);
    if ((is_loaded(stored) || is_system_v(area)) && area.prot != (PROT_READ | PROT_WRITE) &&
        mprotect(place(area), length(area), static_cast<int>(area.prot)) != 0)
      throw EnvironmentError(with_errno("cannot protect the program's memory " + named_range(area), errno));
    for (const Advice& advice : kAdvice) {
      if (has_flag(area, advice.flag)) madvise(place(area), length(area), advice.advice);  // without it all is right
    }
  }
  objects_.clear();
  files_.clear();
  file_of_.clear();
  shared_.clear();
}

// mlock() may need more than the limits of the guest let it.
void Memory::lock() {
  for (const StoredArea& stored : image_.reader().areas()) {
    if (!has_flag(stored.area, "lo")) continue;
    const unsigned flags = has_flag(stored.area, "lf") ? MLOCK_ONFAULT : 0;
    if (mlock2(place(stored.area), length(stored.area), flags) != 0)
      throw Error(CAIRN_EXIT_ENVIRONMENT,  // a limit, whatever the number
                  with_errno("cannot lock the program's memory " + named_range(stored.area), errno));
  }
  restore_guards(state_);  // mlock() would want to read them
  for (const StoredArea& stored : image_.reader().areas()) {
    if (has_flag(stored.area, "sl")) seal(stored.area);
  }
}

// The host's own mappings too, as it was before: so after all that it makes for the restart.
void Memory::note_lock_of_future() {
  if (state_.lock_future == 0) return;
  restart_.own_calls.add(image_.get<ProcessState>().pid, Turn::before_rights,
                         {"its lock of future mappings (mlockall)", SYS_mlockall, {state_.lock_future}});
}

}  // namespace

bool is_nameless_memory(const Area& area) noexcept { return area.shared && area.deleted && !is_system_v(area); }

// Memory without a name gets one.
std::string shared_memory_name(const Area& area) {
  constexpr std::string_view prefix = "/memfd:";
  const std::string& path = area.path.string();
  return path.starts_with(prefix) ? path.substr(prefix.size()) : "cairn-shared";
}

void check_memory(const Image& image) {
  check_particulars(image);
  const std::uint64_t top = image.reader().header().arena_top;
  if (top != CAIRN_ARENA_TOP)
    image.contradiction("its arena ends at " + hex(top) + ", this host's at " + hex(CAIRN_ARENA_TOP));
  for (const StoredArea& stored : image.reader().areas()) {
    if (stored.area.end > CAIRN_FIXED_BASE || stored.area.start < lowest_address)
      image.contradiction("memory at " + hex(stored.area.start) + " is not the program's");
  }
}

std::unique_ptr<Reviver> prepare_memory(Restart& restart) { return std::make_unique<Memory>(restart); }

}  // namespace cairn::state
