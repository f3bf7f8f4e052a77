// SPDX-License-Identifier: Apache-2.0
// The section FILES: every version that was ever written can be read.
#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"
#include "core/state/descriptors/kinds/device.hpp"

namespace cairn::state {
namespace {

// As version 1 had it.
struct Old {
  std::uint32_t kind = 0;
  std::string path = "/a/file";
  std::uint32_t flags = 02000;
  std::int64_t offset = 12;
  std::uint64_t device = 1, inode = 2, special_device = 0x103, size = 4;
  std::int32_t standard = -1, owner = 5, signal = 6;
  template <class Archive>
  void fields(Archive& a) {
    a(kind, path, flags, offset, device, inode, special_device, size, standard, owner, signal);
  }
};

struct OldFiles {
  std::vector<Old> descriptions;
  std::vector<Descriptor> descriptors;
  template <class Archive>
  void fields(Archive& a) {
    a(descriptions, descriptors);
  }
};

FilesState read_old(std::uint32_t kind, std::int32_t standard = -1) {
  OldFiles files{{Old{}}, {{3, 0, true}}};
  files.descriptions[0].kind = kind;
  files.descriptions[0].standard = standard;
  return decode_files(encode(files), 1);
}

TEST(files, version_1_is_read) {
  const FilesState files = read_old(0);
  ASSERT_EQ(files.descriptions.size(), 1u);
  const Description& description = files.descriptions[0];
  EXPECT_EQ(description.path, "/a/file");
  EXPECT_EQ(description.flags, 02000u);
  EXPECT_EQ(description.owner, 5);
  EXPECT_EQ(description.signal, 6);
  EXPECT_EQ(detail_of<ReferenceDetail>(description).offset, 12);
  EXPECT_EQ(files.descriptors.at(0).number, 3);
  EXPECT_TRUE(files.descriptors.at(0).close_on_exec);
}

TEST(files, each_kind_of_version_1_passes_its_own_check) {
  for (std::uint32_t kind = 0; kind <= 3; ++kind) {
    const FilesState files = read_old(kind, 1);
    EXPECT_NO_THROW(find_descriptor_kind(kind)->check(files.descriptions.at(0))) << kind;
  }
  EXPECT_EQ(detail_of<DeviceDetail>(read_old(2).descriptions.at(0)).device, 0x103u);
}

TEST(files, version_1_has_no_other_kinds) { EXPECT_THROW(read_old(4), PermanentError); }

TEST(files, numbers_of_kinds_are_given_once) {
  for (const DescriptorKind* kind : descriptor_kinds()) EXPECT_EQ(find_descriptor_kind(kind->number), kind);
}

// Whatever the bytes of a detail are, a kind's check throws nothing but PermanentError.
TEST(files, damaged_details_are_an_error_at_worst) {
  for (const DescriptorKind* kind : descriptor_kinds()) {
    for (std::size_t length = 0; length < 64; ++length) {
      Description description;
      description.kind = kind->number;
      description.detail.assign(length, 0xff);
      try {
        kind->check(description);
      } catch (const PermanentError&) {
      }
    }
  }
}

}  // namespace
}  // namespace cairn::state
