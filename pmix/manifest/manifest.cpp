// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/manifest.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/abi/rank_file.hpp"
#include "core/base/codec.hpp"
#include "core/base/confined.hpp"
#include "core/base/error.hpp"
#include "pmix/manifest/hdf5_writer.hpp"
#include "pmix/manifest/manifest_block.hpp"
#include "pmix/manifest/manifest_fields.hpp"
#include "pmix/manifest/tree.hpp"

namespace cairn::manifest {
namespace {

using hdf5::Id;
constexpr std::uint64_t kFormat = 1;
// Only where ranks have children: who knows nothing of them would restart the ranks alone.
constexpr std::uint64_t kFormatWithTrees = 2;

std::vector<Column> columns_of_ranks() {
  ColumnLister lister;
  Rank none;
  none.fields(lister);
  return std::move(lister.columns);
}

void put_ranks(const Id& sequence, std::vector<Rank> ranks) {
  std::vector<Column> columns = columns_of_ranks();
  for (Rank& rank : ranks) {
    ColumnWriter writer(columns);
    rank.fields(writer);
  }
  std::map<std::string, Id> groups;
  for (const Column& first : columns) {
    if (groups.count(first.group) != 0) continue;
    const Id& group = groups[first.group] = hdf5::create_group(sequence, first.group);
    for (const Column& column : columns) {
      if (column.group != first.group) continue;
      std::visit([&](const auto& values) { hdf5::write_column(group, column.name.c_str(), values); }, column.values);
    }
  }
}

std::vector<Rank> get_ranks(const GroupIndex& tree, const std::string& sequence) {
  std::vector<Column> columns = columns_of_ranks();
  std::vector<Rank> ranks;
  for (Column& column : columns) {
    const Group* group = tree.find(sequence + "/" + column.group);
    const Values* stored = group == nullptr ? nullptr : find(group->columns, column.name);
    if (stored == nullptr) continue;
    const auto read = [&](auto& values) {
      get(*stored, values);
      return values.size();
    };
    const std::size_t count = std::visit(read, column.values);
    if (ranks.empty()) ranks.resize(count);
    if (count != ranks.size())
      throw PermanentError("manifest: column " + column.name + " has another length than the others");
  }
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    ColumnReader reader(columns, r);
    ranks[r].fields(reader);
  }
  return ranks;
}

void put_sequence(const Id& parent, std::uint64_t number, Sequence sequence) {
  const Id group = hdf5::create_group(parent, std::to_string(number));
  AttributeWriter writer(group);
  sequence.fields(writer);
  put_ranks(group, std::move(sequence.ranks));
}

// A restarted rank opens the file by its sequence and its number: what is verified has to be that one.
void check_path(const std::string& path, std::uint64_t sequence, std::size_t rank) {
  const std::string right = std::to_string(sequence) + "/" + rank_file_name(rank);
  if (path == right) return;
  throw PermanentError("manifest: the image of rank " + std::to_string(rank) + " of sequence " +
                       std::to_string(sequence) + " is said to be '" + path + "', but can only be " + right);
}

Sequence get_sequence(const GroupIndex& tree, const Group& group, std::uint64_t number) {
  Sequence sequence;
  AttributeReader reader(group);
  sequence.fields(reader);
  sequence.ranks = get_ranks(tree, group.path);
  for (std::size_t r = 0; r < sequence.ranks.size(); ++r) check_path(sequence.ranks[r].path, number, r);
  return sequence;
}

std::uint64_t sequence_number(const std::string& name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || std::to_string(number) != name) {
    throw PermanentError("manifest: '" + name + "' is no number of a sequence");
  }
  return number;
}

}  // namespace

std::uint64_t Sequence::bytes() const {
  std::uint64_t all = 0;
  for (const Rank& rank : ranks) all += rank.statistics.bytes + rank.tree_bytes;
  return all;
}

bool Sequence::has_trees() const {
  return std::any_of(ranks.begin(), ranks.end(), [](const Rank& rank) { return rank.members != 0; });
}

std::string Sequence::engines() const {
  std::set<std::string> names;
  for (const Rank& rank : ranks)
    if (!rank.engine.empty()) names.insert(rank.engine);
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

std::vector<unsigned char> encode(const Manifest& manifest) {
  const Id file = hdf5::create_in_memory();
  const bool trees = std::any_of(manifest.sequences.begin(), manifest.sequences.end(),
                                 [](const auto& sequence) { return sequence.second.has_trees(); });
  hdf5::write_attribute(file, "format", trees ? kFormatWithTrees : kFormat);
  {
    const Id job = hdf5::create_group(file, "job");
    AttributeWriter writer(job);
    Job copy = manifest.job;
    copy.fields(writer);
  }
  {
    const Id sequences = hdf5::create_group(file, "sequences");
    for (const auto& [number, sequence] : manifest.sequences) put_sequence(sequences, number, sequence);
  }
  std::vector<unsigned char> bytes = hdf5::image_of(file, kBlockSize);
  seal_block(bytes);
  return bytes;
}

namespace {

const Group& group_of(const GroupIndex& tree, const std::string& path) {
  const Group* group = tree.find(path);
  if (group == nullptr) throw PermanentError("manifest: there is no group " + path);
  return *group;
}

void check_format(const GroupIndex& tree) {
  std::uint64_t format = 0;
  AttributeReader reader(group_of(tree, "/"));
  reader("format", format);
  if (format == kFormat || format == kFormatWithTrees) return;
  throw PermanentError("manifest: format " + std::to_string(format) + " is not known to this version, which knows " +
                       std::to_string(kFormat) + " and " + std::to_string(kFormatWithTrees));
}

}  // namespace

Manifest from_tree(std::span<const std::uint8_t> bytes) {
  const Tree tree = cairn::decode<Tree>(bytes, "manifest");
  const GroupIndex index(tree);
  check_format(index);
  Manifest manifest;
  AttributeReader reader(group_of(index, "/job"));
  manifest.job.fields(reader);
  const std::string sequences = group_of(index, "/sequences").path + "/";
  for (const Group& group : tree.groups) {
    if (group.path.rfind(sequences, 0) != 0) continue;
    const std::string name = group.path.substr(sequences.size());
    if (name.find('/') != std::string::npos) continue;
    const std::uint64_t number = sequence_number(name);
    manifest.sequences[number] = get_sequence(index, group, number);
  }
  return manifest;
}

Manifest decode(const std::vector<unsigned char>& bytes) {
  verify_block(bytes);
  // As plain data a manifest is smaller than as HDF5, unless it is forged; in memory, some times larger.
  constexpr std::size_t kLeast = 4u << 20, kMemory = 24u << 20;
  constexpr double kSeconds = 30;
  const Confinement confinement{.subject = "the manifest",
                                .memory = kMemory + 16 * bytes.size(),
                                .answer = kLeast + 2 * bytes.size(),
                                .seconds = kSeconds};
  return from_tree(run_confined(confinement, [&] {
    Tree tree = read_tree(bytes);
    return cairn::encode(tree);
  }));
}

}  // namespace cairn::manifest
