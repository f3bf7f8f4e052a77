// SPDX-License-Identifier: Apache-2.0
// Manifests that somebody else has made, with a right checksum: anybody can compute one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "pmix/manifest/hdf5_writer.hpp"
#include "pmix/manifest/manifest_block.hpp"
#include "pmix/manifest/tree.hpp"
#include "tests/unit/pmix/manifest/support.hpp"

namespace cairn::manifest {
namespace {

using hdf5::Id;
using test::sample;
using test::ScratchDirectory;
using testing::HasSubstr;

// A manifest into whose group /job `forge` puts something.
std::vector<unsigned char> forged(const std::function<void(const Id& job)>& forge) {
  const Id file = hdf5::create_in_memory();
  hdf5::write_attribute(file, "format", std::uint64_t{1});
  hdf5::create_group(file, "sequences");
  {
    const Id job = hdf5::create_group(file, "job");
    forge(job);
  }
  std::vector<unsigned char> bytes = hdf5::image_of(file, kBlockSize);
  seal_block(bytes);
  return bytes;
}

void expect_refused(const std::vector<unsigned char>& bytes, const std::string& why) {
  try {
    decode(bytes);
    FAIL() << "accepted, not refused for: " << why;
  } catch (const PermanentError& e) {
    EXPECT_THAT(e.what(), HasSubstr(why));
  }
}

void put_set(const Id& group, const char* name, hid_t type, hsize_t count, const Id& made) {
  const Id space(H5Screate_simple(1, &count, nullptr), H5Sclose, "space");
  Id(H5Dcreate2(group.get(), name, type, space.get(), H5P_DEFAULT, made.get(), H5P_DEFAULT), H5Dclose, "set");
}

Id creation() { return Id(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "creation"); }

TEST(ForgedManifest, TheOneThatOthersAreMadeFromIsGood) {
  const auto bytes = forged([](const Id& job) { hdf5::write_column(job, "arguments", std::vector<std::string>{"a"}); });
  EXPECT_EQ(decode(bytes).job.arguments, std::vector<std::string>{"a"});
}

TEST(ForgedManifest, DataInAnotherFileIsNotRead) {
  const ScratchDirectory scratch;
  const std::string secret = scratch.path("secret");
  std::ofstream(secret) << std::string(256, 's');
  expect_refused(forged([&](const Id& job) {
                   const Id made = creation(), type(H5Tcopy(H5T_C_S1), H5Tclose, "type");
                   H5Tset_size(type.get(), 64);
                   H5Pset_external(made.get(), secret.c_str(), 0, 256);
                   put_set(job, "arguments", type.get(), 4, made);
                 }),
                 "does not lie in the file");
}

TEST(ForgedManifest, LinksAreNotFollowed) {
  expect_refused(
      forged([](const Id& job) { H5Lcreate_soft("/sequences", job.get(), "arguments", H5P_DEFAULT, H5P_DEFAULT); }),
      "leads to another place");
  expect_refused(forged([](const Id& job) {
                   H5Lcreate_external("/etc/other.h5", "/x", job.get(), "arguments", H5P_DEFAULT, H5P_DEFAULT);
                 }),
                 "leads to another place");
}

TEST(ForgedManifest, GroupsInACircleHaveAnEnd) {
  expect_refused(
      forged([](const Id& job) { H5Lcreate_hard(job.get(), ".", job.get(), "again", H5P_DEFAULT, H5P_DEFAULT); }),
      "too deep");
}

TEST(ForgedManifest, CompressedDataIsNotUnpacked) {
  expect_refused(forged([](const Id& job) {
                   const Id made = creation();
                   const hsize_t chunk = 1024;
                   H5Pset_chunk(made.get(), 1, &chunk);
                   H5Pset_deflate(made.get(), 9);
                   put_set(job, "arguments", H5T_NATIVE_UINT64, 1u << 24, made);
                 }),
                 "does not lie in the file");
}

TEST(ForgedManifest, AColumnIsNoLargerThanItsFile) {
  // Nothing has been written to it: libhdf5 would fill what it reads with zeros.
  expect_refused(
      forged([](const Id& job) { put_set(job, "arguments", H5T_NATIVE_UINT64, hsize_t{1} << 40, creation()); }),
      "larger than the file");
}

TEST(ForgedManifest, TextsOfVariableLengthAreRefused) {
  expect_refused(forged([](const Id& job) {
                   const Id space(H5Screate(H5S_SCALAR), H5Sclose, "space"), type(H5Tcopy(H5T_C_S1), H5Tclose, "type");
                   H5Tset_size(type.get(), H5T_VARIABLE);
                   const Id attribute(
                       H5Acreate2(job.get(), "created", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                       "attribute");
                   const char* value = "text";
                   H5Awrite(attribute.get(), type.get(), &value);
                 }),
                 "no text of fixed length");
}

TEST(ForgedManifest, AnotherTypeIsRefused) {
  expect_refused(forged([](const Id& job) { hdf5::write_attribute(job, "ranks", std::string("many")); }),
                 "another type");
}

// Lengths and addresses inside the file that lead out of it: libhdf5 believes many of them.
TEST(ForgedManifest, SurvivesEveryWordOfItBeingForged) {
  const std::vector<unsigned char> good = encode(sample());
  for (std::size_t at = kBlockSize; at + 8 <= std::min<std::size_t>(good.size(), kBlockSize + 4096); at += 8) {
    std::vector<unsigned char> bad = good;
    std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(at), 8, static_cast<unsigned char>(0xff));
    seal_block(bad);
    try {
      decode(bad);
    } catch (const PermanentError&) {
      // Refused; the other right outcome is a manifest with other values.
    }
  }
}

TEST(ForgedManifest, WhatTheConfinedProcessSaysIsCheckedToo) {
  Tree tree;
  tree.groups.push_back({"/", {{"format", Kind::number, {}, {1, 2}}}, {}});
  EXPECT_THROW(from_tree(cairn::encode(tree)), PermanentError);
  std::vector<std::uint8_t> bytes = cairn::encode(tree);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_THROW(from_tree({bytes.data(), n}), PermanentError) << n;
  std::fill_n(bytes.begin(), 4, std::uint8_t{0xff});  // so many groups
  EXPECT_THROW(from_tree(bytes), PermanentError);
}

}  // namespace
}  // namespace cairn::manifest
