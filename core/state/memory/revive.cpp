// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/revive.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/base/error.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

using context::StoredArea;

std::string range(const Area& area) {
  char text[64];
  std::snprintf(text, sizeof text, "%lx-%lx", area.start, area.end);
  return text + (area.path.empty() ? "" : " (" + area.path + ")");
}

bool has_flag(const Area& area, std::string_view flag) {
  const std::string words = " " + area.vm_flags + " ";
  return words.find(" " + std::string(flag) + " ") != std::string::npos;
}

bool is_shared_file(const Area& area) { return area.shared && !area.path.empty() && !area.deleted; }
bool has_payload(const StoredArea& stored) { return stored.stored_pages + stored.zero_pages != 0; }
void* place(const Area& area) { return reinterpret_cast<void*>(area.start); }
std::size_t length(const Area& area) { return area.end - area.start; }

UniqueFd open_shared_file(const Image& image, const Area& area, const std::string& path) {
  // Write permission may be wanted later by mprotect(), so it is kept where the former mapping could have it.
  const bool writable = has_flag(area, "mw");
  UniqueFd fd(open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY));
  if (!fd && writable && (area.prot & PROT_WRITE) == 0) fd.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0)
    throw EnvironmentError(image.reader.name() + ": " + with_errno("mapped file " + path, errno));
  if (!S_ISREG(status.st_mode))
    throw EnvironmentError(image.reader.name() + ": mapped file " + area.path + " is not a regular file any more");
  return fd;
}

struct Advice {
  const char* flag;
  int advice;
};
constexpr Advice kAdvice[] = {{"hg", MADV_HUGEPAGE},   {"nh", MADV_NOHUGEPAGE}, {"mg", MADV_MERGEABLE},
                              {"sr", MADV_SEQUENTIAL}, {"rr", MADV_RANDOM},     {"dc", MADV_DONTFORK},
                              {"wf", MADV_WIPEONFORK}, {"dd", MADV_DONTDUMP}};

}  // namespace

Memory::Memory(const Image& image, const restart::Options& options) : image_(image) {
  const auto& areas = image.reader.areas();
  objects_.resize(image.reader.objects().size());
  files_.resize(areas.size());
  for (std::size_t i = 0; i < areas.size(); ++i) {
    const StoredArea& stored = areas[i];
    if (stored.object != CAIRN_CTX_NONE && !objects_[stored.object])
      objects_[stored.object] = image.reader.open_object(stored.object);
    if (is_shared_file(stored.area))
      files_[i] = open_shared_file(image, stored.area, restart::relocated(options, stored.area.path));
  }
}

// One memfd stands for what was one object before, so that its mappings go on sharing.
int Memory::shared_memory(const Area& area) {
  auto known = std::find_if(shared_.begin(), shared_.end(),
                            [&](const Shared& s) { return s.inode == area.inode && s.device == area.device; });
  if (known == shared_.end()) {
    UniqueFd fd(memfd_create("cairn-shared", MFD_CLOEXEC));
    if (!fd) throw EnvironmentError(with_errno("shared memory for " + range(area), errno));
    shared_.push_back({area.device, area.inode, std::move(fd)});
    known = std::prev(shared_.end());
  }
  struct stat status {};
  fstat(known->fd.get(), &status);
  const auto end = static_cast<off_t>(area.file_offset + length(area));
  if (status.st_size < end && ftruncate(known->fd.get(), end) != 0)
    throw EnvironmentError(with_errno("shared memory for " + range(area), errno));
  return known->fd.get();
}

void Memory::reserve() {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  for (const StoredArea& stored : image_.reader.areas()) {
    const Area& area = stored.area;
    if (host::arena_mmap(place(area), length(area), PROT_NONE, flags, -1, 0) != place(area))
      throw EnvironmentError(with_errno("the address of the program's memory is taken: " + range(area), errno));
  }
}

std::vector<host::AddressRange> Memory::reserved() const {
  std::vector<host::AddressRange> ranges;
  for (const StoredArea& stored : image_.reader.areas()) {
    if (!ranges.empty() && ranges.back().end == stored.area.start) {
      ranges.back().end = stored.area.end;
    } else {
      ranges.push_back({stored.area.start, stored.area.end});
    }
  }
  return ranges;
}

void Memory::map(std::size_t index) {
  const StoredArea& stored = image_.reader.areas()[index];
  const Area& area = stored.area;
  int prot = static_cast<int>(area.prot), flags = MAP_FIXED, fd = -1;
  std::uint64_t offset = 0;
  if (has_payload(stored)) prot |= PROT_READ | PROT_WRITE;
  if (files_[index]) {
    fd = files_[index].get();
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
  // Memory that was not accounted for may exceed what this machine would promise.
  if (area.no_reserve || (!area.shared && !has_flag(area, "ac"))) flags |= MAP_NORESERVE;
  void* mapped = host::arena_mmap(place(area), length(area), prot, flags, fd, static_cast<off_t>(offset));
  if (mapped != place(area))
    throw EnvironmentError(with_errno("cannot map the program's memory " + range(area), errno));
}

void Memory::restore(unsigned threads) {
  const auto& areas = image_.reader.areas();
  std::vector<context::LoadRequest> requests;
  for (std::size_t i = 0; i < areas.size(); ++i) {
    map(i);
    if (has_payload(areas[i])) requests.push_back({static_cast<std::uint32_t>(i), place(areas[i].area)});
  }
  image_.reader.load(requests, threads);
  for (const StoredArea& stored : areas) {
    const Area& area = stored.area;
    if (has_payload(stored) && area.prot != (PROT_READ | PROT_WRITE) &&
        mprotect(place(area), length(area), static_cast<int>(area.prot)) != 0)
      throw EnvironmentError(with_errno("cannot protect the program's memory " + range(area), errno));
    for (const Advice& advice : kAdvice) {
      if (has_flag(area, advice.flag)) madvise(place(area), length(area), advice.advice);  // without it all is right
    }
  }
  objects_.clear();
  files_.clear();
  shared_.clear();
}

void Memory::lock() {
  for (const StoredArea& stored : image_.reader.areas()) {
    if (!has_flag(stored.area, "lo")) continue;
    const unsigned flags = has_flag(stored.area, "lf") ? MLOCK_ONFAULT : 0;
    if (mlock2(place(stored.area), length(stored.area), flags) != 0)
      throw EnvironmentError(with_errno("cannot lock the program's memory " + range(stored.area), errno));
  }
}

}  // namespace cairn::state
