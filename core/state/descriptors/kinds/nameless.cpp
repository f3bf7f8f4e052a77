// SPDX-License-Identifier: Apache-2.0
// Files without a path: deleted, made by O_TMPFILE or by memfd_create(2). The content is in the context file.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/base/modes.hpp"
#include "core/base/own_descriptors.hpp"
#include "core/base/text.hpp"
#include "core/context/reader.hpp"
#include "core/context/writer.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {
namespace {

constexpr std::string_view kMemory = "/memfd:";
constexpr std::uint32_t kNoObject = ~0u;  // it is empty
constexpr int kFlagsOfOpening = O_ACCMODE | O_APPEND | O_DIRECT | O_DSYNC | O_SYNC | O_NOATIME | O_NONBLOCK;

struct NamelessDetail {
  std::string path;     // that it had, or the name of a memfd
  bool memory = false;  // memfd
  std::uint32_t mode = 0;
  std::uint64_t size = 0;
  std::uint32_t object = kNoObject;  // of the context file
  template <class Archive>
  void fields(Archive& a) {
    a(path, memory, mode, size, object);
  }
};

struct NamelessEnd {
  std::int64_t offset = 0;
  std::uint32_t seals = 0;  // of the memfd
  template <class Archive>
  void fields(Archive& a) {
    a(offset, seals);
  }
};

// What the kernel makes or keeps elsewhere looks like a deleted file as well.
bool is_storage(int fd) {
  constexpr std::array<long, 4> kOther{0x5345434d /* secret memory */, 0x19800202 /* message queues */, HUGETLBFS_MAGIC,
                                       PROC_SUPER_MAGIC};
  struct statfs system {};
  if (fstatfs(fd, &system) != 0) return false;
  return std::find(kOther.begin(), kOther.end(), static_cast<long>(system.f_type)) == kOther.end();
}

// Inherited input, of which the program may yet read something: nobody else can give it again, as a shell cannot its
// here-document. What has been inherited for output goes where output goes then.
bool is_input(const OpenFile& file) {
  return (file.flags & O_ACCMODE) != O_WRONLY && (file.standard == STDIN_FILENO || file.offset < file.status.st_size);
}

// Inherited input may have another path, that nobody tells.
bool recognise(const OpenFile& file) {
  if (!S_ISREG(file.status.st_mode) || (file.flags & O_PATH) != 0 || !file.path.starts_with("/")) return false;
  if (file.standard >= 0 ? is_at_its_path(file) || !is_input(file) : file.status.st_nlink != 0) return false;
  return is_storage(file.fd);
}

std::string name_of(const OpenFile& file) {
  const bool memory = file.path.starts_with(kMemory);
  return (memory ? "memfd " + shortened(file.path.substr(kMemory.size())) : "deleted file " + shortened(file.path)) +
         at(file);
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  const int seals = fcntl(file.fd, F_GET_SEALS);
  NamelessEnd end{file.offset, seals > 0 && file.path.starts_with(kMemory) ? static_cast<std::uint32_t>(seals) : 0};
  return encode(end);
}

// A file that nobody may open is read through what the program has opened, at other offsets than its own.
std::uint32_t store(const ObjectEnds& ends, context::Writer& writer) {
  const OpenFile& file = *ends.front();
  UniqueFd fd(open(("/proc/self/fd/" + std::to_string(file.fd)).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const auto reading =
      std::find_if(ends.begin(), ends.end(), [](const OpenFile* end) { return (end->flags & O_ACCMODE) != O_WRONLY; });
  if (!fd && reading != ends.end()) fd.reset(fcntl((*reading)->fd, F_DUPFD_CLOEXEC, 0));
  if (!fd) throw TemporaryError(with_errno(name_of(file) + " cannot be saved, since it cannot be read", errno));
  return writer.store_file(std::move(fd), file.path);
}

// The program may have locks on it.
std::uint32_t store_apart(const ObjectEnds& ends, context::Writer& writer) {
  return with_own_descriptors([&] { return store(ends, writer); });
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* writer) {
  const OpenFile& file = *ends.front();
  // Whoever has started the program may have its input open as well, as with a file that has a path.
  const bool inherited = std::all_of(ends.begin(), ends.end(), [](const OpenFile* end) { return end->standard >= 0; });
  if (const std::string holder = inherited ? std::string() : all.other_holder(file); !holder.empty())
    throw TemporaryError(name_of(file) + " cannot be saved yet: " + holder + " has it open, too");
  NamelessDetail detail;
  detail.memory = file.path.starts_with(kMemory);
  detail.path = without_deleted(file.path);
  if (detail.memory) detail.path.erase(0, kMemory.size());
  detail.mode = file.status.st_mode & ALLPERMS;
  detail.size = static_cast<std::uint64_t>(file.status.st_size);
  if (writer != nullptr && detail.size != 0) detail.object = store_apart(ends, *writer);
  return encode(detail);
}

NamelessDetail detail_of(const SharedObject& object) {
  return decode<NamelessDetail>(object.detail, "ipc, a file without a path");
}

void check_object(const SharedObject& object) {
  const NamelessDetail detail = detail_of(object);
  if ((!detail.memory && !detail.path.starts_with("/")) || (detail.mode & ~static_cast<unsigned>(ALLPERMS)) != 0 ||
      detail.size > static_cast<std::uint64_t>(INT64_MAX) || (detail.object == kNoObject) != (detail.size == 0))
    throw PermanentError("the file without a path that was " + detail.path + " makes no sense");
}

void check(const Description& description) {
  const auto end = decode<NamelessEnd>(detail_of<EndDetail>(description).own, "files, " + description.path);
  if (end.offset < 0 || (description.flags & O_PATH) != 0)
    throw PermanentError("the description of " + description.path + " makes no sense");
}

[[noreturn]] void fail(const NamelessDetail& detail, const std::string& what) {
  throw EnvironmentError(with_errno(
      (detail.memory ? "memfd " : "deleted file ") + detail.path + ", which the program had open, " + what, errno));
}

// Without a name from the beginning; where the file system cannot do that, with one for a moment.
UniqueFd make_in(const std::string& directory) {
  UniqueFd fd = open_path(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd) complete_mode(fd.get(), 0600);  // it is opened again
  if (fd || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const std::string path = directory + "/.cairn-" + std::to_string(getpid()) + "-" + std::to_string(i);
    fd = open_path(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd) {
      complete_mode(fd.get(), 0600);
      const Place place(path);
      unlinkat(place.directory(), place.name(), 0);
    }
    if (fd || errno != EEXIST) return fd;
  }
  return fd;
}

UniqueFd make_file(const NamelessDetail& detail, Making& making) {
  if (detail.memory) return UniqueFd(memfd_create(detail.path.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const std::string path = restart::relocated(making.options, detail.path);
  const std::string directory = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  UniqueFd fd = make_in(directory);
  if (fd) return fd;
  const std::string why = with_errno("", errno);
  const char* wanted = getenv("TMPDIR");
  const std::string other = wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
  fd = make_in(other);
  if (fd) {
    making.notes.push_back("the deleted file " + detail.path + " was made again in " + other + ", since in " +
                           directory + " it cannot be" + why);
  }
  return fd;
}

UniqueFd open_end(const NamelessDetail& detail, int base, const Description& description) {
  const auto end = decode<NamelessEnd>(detail_of<EndDetail>(description).own, description.path);
  const int flags = static_cast<int>(description.flags) & kFlagsOfOpening;
  UniqueFd fd(open(("/proc/self/fd/" + std::to_string(base)).c_str(), flags | O_CLOEXEC));
  if (!fd || lseek(fd.get(), end.offset, SEEK_SET) < 0) fail(detail, "cannot be opened");
  return fd;
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> ends, Making& making) {
  const SharedObject& object = parts.front().object;
  const NamelessDetail detail = detail_of(object);
  const context::Reader& reader = parts.front().image.reader();
  if (detail.object != kNoObject &&
      (detail.object >= reader.objects().size() || reader.objects()[detail.object].size != detail.size))
    throw PermanentError(reader.name() + ": the content of the deleted file " + detail.path + " is missing");
  UniqueFd base = make_file(detail, making);
  if (!base || ftruncate(base.get(), static_cast<off_t>(detail.size)) != 0) fail(detail, "cannot be made");
  if (detail.object != kNoObject) reader.copy_object(detail.object, base.get(), detail.path);
  std::vector<UniqueFd> made;
  for (const Description* end : ends) made.push_back(open_end(detail, base.get(), *end));
  if (fchmod(base.get(), detail.mode) != 0) fail(detail, "cannot have its mode");
  making.nameless[object.identity] = base.release();
  return made;
}

// When it has been mapped: what was mapped for writing before it was sealed stays so.
void seal(int fd, const Description& description, const OpenedFiles& /*all*/) {
  const auto end = decode<NamelessEnd>(detail_of<EndDetail>(description).own, description.path);
  const int now = fcntl(fd, F_GET_SEALS);
  if (end.seals == 0 || now == static_cast<int>(end.seals)) return;
  const UniqueFd writing(open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDWR | O_CLOEXEC));
  if (!writing || fcntl(writing.get(), F_ADD_SEALS, end.seals) != 0)
    throw EnvironmentError(with_errno("cannot seal " + description.path + ", which the program had open", errno));
}

constexpr ObjectKind kNamelessFile = {
    .identify = identity_of,
    .save = save,
    .check = check_object,
    .make = make,
};

}  // namespace

extern const DescriptorKind nameless_descriptor;
const DescriptorKind nameless_descriptor = {
    .number = nameless_file_number,
    .name = "file without a path",
    .inheritable = true,
    .recognise = recognise,
    .describe = describe,
    .check = check,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation =
        {"deleted file, O_TMPFILE, memfd", "its whole content, mode, seals; flags and offset of each",
         "made again in the same directory, or in TMPDIR; holes of more than 64 GiB are refused; not if a "
         "process outside of the tree has it open, as far as "
         "this one may look at it, unless it was inherited at 0, 1 or 2 and can be read on: that goes on "
         "as a regular file there does; times, owner and extended attributes are new; huge pages are refused",
         "tests/state/descriptors/nameless.cpp"},
    .connect = seal,
    .object = &kNamelessFile,
};

}  // namespace cairn::state
