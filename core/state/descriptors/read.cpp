// SPDX-License-Identifier: Apache-2.0
// The section FILES as it is in context files, of version 2 and of version 1, whose four kinds shared one struct.
#include <algorithm>
#include <set>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"
#include "core/state/descriptors/kinds/device.hpp"
#include "core/state/descriptors/locks.hpp"
#include "core/state/process/state.hpp"

namespace cairn::state {
namespace {

enum Version1Kind : std::uint32_t { regular = 0, directory = 1, device = 2, standard = 3 };

struct Version1Description {
  Description common;  // but for `detail`
  std::int64_t offset = 0;
  std::uint64_t device = 0, inode = 0, special_device = 0, size = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(common.kind, common.path, common.flags, offset, device, inode, special_device, size, common.standard,
      common.owner, common.signal);
  }
};

struct Version1 {
  std::vector<Version1Description> descriptions;
  std::vector<Descriptor> descriptors;
  template <class Archive>
  void fields(Archive& a) {
    a(descriptions, descriptors);
  }
};

Description as_now(const Version1Description& old) {
  Description result = old.common;
  if (result.kind == Version1Kind::regular || result.kind == Version1Kind::directory) {
    ReferenceDetail detail{old.offset, old.device, old.inode, old.size};
    result.detail = encode(detail);
  } else if (result.kind == Version1Kind::device) {
    DeviceDetail detail{old.special_device};
    result.detail = encode(detail);
  } else if (result.kind != Version1Kind::standard) {
    throw PermanentError("the description of " + result.path + " makes no sense");
  }
  return result;
}

}  // namespace

FilesState decode_files(std::span<const std::uint8_t> bytes, std::uint32_t version) {
  if (version > 1) return decode<FilesState>(bytes, FilesState::section_name);
  const auto old = decode<Version1>(bytes, FilesState::section_name);
  FilesState files;
  for (const Version1Description& description : old.descriptions) files.descriptions.push_back(as_now(description));
  files.descriptors = old.descriptors;
  return files;
}

std::vector<int> numbers_in(const std::string& context_file) {
  const context::Reader reader = context::Reader::open(context_file);
  const auto section = reader.section(CAIRN_CTX_FILES);
  std::vector<int> numbers;
  if (!section) return numbers;
  try {
    for (const Descriptor& descriptor : decode_files(section->bytes, section->version).descriptors)
      numbers.push_back(descriptor.number);
  } catch (const PermanentError&) {
    // Who reads the whole image says what is wrong with it.
  }
  return numbers;
}

void read_descriptors(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version) {
  image.keep(decode_files(bytes, version));
}

bool is_end_of(const Description& description, const SharedObject& object) {
  return description.kind == object.kind && detail_of<EndDetail>(description).object == object.identity;
}

bool is_saved_elsewhere(const SharedObject& object, std::int32_t pid) noexcept {
  return object.owner != pid && object.detail.empty();
}

namespace {

void check_locks(const Image& image) {
  const std::size_t descriptions = image.get<FilesState>().descriptions.size();
  try {
    for (const HeldLock& lock : image.get<SharedObjects>().locks) check_lock(lock, descriptions);
  } catch (const PermanentError& error) {
    image.contradiction(error.what());
  }
}

void check_objects(const Image& image) {
  const auto& objects = image.get<SharedObjects>().objects;
  std::set<ObjectIdentity> identities;
  for (const SharedObject& object : objects) {
    const DescriptorKind* kind = find_descriptor_kind(object.kind);
    if (kind == nullptr || kind->object == nullptr || !identities.insert(object.identity).second)
      image.contradiction("a shared object of kind " + std::to_string(object.kind) + " makes no sense");
    if (is_saved_elsewhere(object, image.get<ProcessState>().pid)) continue;
    try {
      kind->object->check(object);
    } catch (const PermanentError& error) {
      image.contradiction(error.what());
    }
  }
  for (const Description& description : image.get<FilesState>().descriptions) {
    if (find_descriptor_kind(description.kind)->object == nullptr) continue;
    if (std::none_of(objects.begin(), objects.end(), [&](const auto& o) { return is_end_of(description, o); }))
      image.contradiction("what " + description.path + " is an end of is missing");
  }
}

}  // namespace

void check_descriptors(const Image& image) {
  const auto& files = image.get<FilesState>();
  std::set<int> numbers;
  for (const Descriptor& descriptor : files.descriptors) {
    if (!numbers.insert(descriptor.number).second)
      image.contradiction("descriptor " + std::to_string(descriptor.number) + " is there twice");
    if (descriptor.number < 0 || descriptor.number >= 1 << 20 || descriptor.description >= files.descriptions.size())
      image.contradiction("descriptor " + std::to_string(descriptor.number) + " makes no sense");
  }
  for (const Description& description : files.descriptions) {
    const DescriptorKind* kind = find_descriptor_kind(description.kind);
    if (kind == nullptr) {
      image.contradiction("the description of " + description.path + " is of kind " + std::to_string(description.kind) +
                          ", which this program does not know");
    }
    if (description.standard < -1 || description.standard > 2 || (description.standard >= 0 && !kind->inheritable))
      image.contradiction("the description of " + description.path + " makes no sense");
    try {
      kind->check(description);
    } catch (const PermanentError& error) {
      image.contradiction(error.what());
    }
  }
  check_objects(image);
  check_locks(image);
}

}  // namespace cairn::state
