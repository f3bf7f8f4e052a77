// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/manifest.hpp"

#include <charconv>
#include <map>

#include "core/base/error.hpp"
#include "pmix/manifest/hdf5.hpp"
#include "pmix/manifest/manifest_block.hpp"
#include "pmix/manifest/manifest_fields.hpp"

namespace cairn::manifest {
namespace {

using hdf5::Id;
constexpr std::uint64_t kFormat = 1;

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

void read_column(const Id& group, Column& column) {
  const char* name = column.name.c_str();
  if (std::holds_alternative<std::vector<std::string>>(column.values)) {
    column.values = hdf5::read_strings(group, name);
  } else if (std::holds_alternative<std::vector<double>>(column.values)) {
    column.values = hdf5::read_doubles(group, name);
  } else {
    column.values = hdf5::read_u64s(group, name);
  }
}

std::vector<Rank> get_ranks(const Id& sequence) {
  std::vector<Column> columns = columns_of_ranks();
  std::vector<Rank> ranks;
  for (Column& column : columns) {
    if (!hdf5::has_member(sequence, column.group)) continue;
    const Id group = hdf5::open_group(sequence, column.group);
    if (!hdf5::has_member(group, column.name)) continue;
    read_column(group, column);
    const std::size_t count = std::visit([](const auto& values) { return values.size(); }, column.values);
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

// A path of the manifest may only lead to a place below the snapshot directory.
void check_path(const std::string& path) {
  const std::string framed = "/" + path + "/";
  if (path.empty() || path.front() == '/' || framed.find("/../") != std::string::npos) {
    throw PermanentError("manifest: the path '" + path + "' leads out of the snapshot directory");
  }
}

Sequence get_sequence(const Id& parent, const std::string& name) {
  const Id group = hdf5::open_group(parent, name);
  Sequence sequence;
  AttributeReader reader(group);
  sequence.fields(reader);
  sequence.ranks = get_ranks(group);
  for (const Rank& rank : sequence.ranks) check_path(rank.path);
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
  for (const Rank& rank : ranks) all += rank.statistics.bytes;
  return all;
}

std::vector<unsigned char> encode(const Manifest& manifest) {
  const Id file = hdf5::create_in_memory();
  hdf5::write_attribute(hdf5::open_group(file, "/"), "format", kFormat);
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

Manifest decode(const std::vector<unsigned char>& bytes) {
  verify_block(bytes);
  const Id file = hdf5::open_from_memory(bytes);
  const std::uint64_t format = hdf5::read_u64(hdf5::open_group(file, "/"), "format");
  if (format != kFormat) {
    throw PermanentError("manifest: format " + std::to_string(format) + " is not known to this version, which knows " +
                         std::to_string(kFormat));
  }
  Manifest manifest;
  {
    const Id job = hdf5::open_group(file, "job");
    AttributeReader reader(job);
    manifest.job.fields(reader);
  }
  const Id sequences = hdf5::open_group(file, "sequences");
  for (const std::string& name : hdf5::group_names(sequences)) {
    const std::uint64_t number = sequence_number(name);
    manifest.sequences[number] = get_sequence(sequences, name);
  }
  return manifest;
}

}  // namespace cairn::manifest
