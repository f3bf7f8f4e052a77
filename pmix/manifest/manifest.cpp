// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/manifest.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/error.hpp"
#include "pmix/manifest/hdf5.hpp"
#include "pmix/manifest/manifest_block.hpp"

namespace cairn::manifest {
namespace {

using hdf5::Id;
constexpr std::uint64_t kFormat = 1;

void put_job(const Id& file, const Job& job) {
  const Id group = hdf5::create_group(file, "job");
  hdf5::write_attribute(group, "mpirun_pid", job.mpirun_pid);
  hdf5::write_attribute(group, "ranks", job.ranks);
  hdf5::write_attribute(group, "created", job.created);
  hdf5::write_attribute(group, "cairn_version", job.cairn_version);
  hdf5::write_attribute(group, "openmpi_version", job.openmpi_version);
  hdf5::write_attribute(group, "pmix_version", job.pmix_version);
  hdf5::write_attribute(group, "working_directory", job.working_directory);
  hdf5::write_attribute(group, "restarted_from", job.restarted_from);
  hdf5::write_column(group, "arguments", job.arguments);
}

Job get_job(const Id& file) {
  const Id group = hdf5::open_group(file, "job");
  Job job;
  job.mpirun_pid = hdf5::read_u64(group, "mpirun_pid");
  job.ranks = hdf5::read_u64(group, "ranks");
  job.created = hdf5::read_string(group, "created");
  job.cairn_version = hdf5::read_string(group, "cairn_version");
  job.openmpi_version = hdf5::read_string(group, "openmpi_version");
  job.pmix_version = hdf5::read_string(group, "pmix_version");
  job.working_directory = hdf5::read_string(group, "working_directory");
  job.restarted_from = hdf5::read_string(group, "restarted_from");
  job.arguments = hdf5::read_strings(group, "arguments");
  return job;
}

template <typename T>
std::vector<T> column(const std::vector<Rank>& ranks, T Rank::*member) {
  std::vector<T> values;
  values.reserve(ranks.size());
  for (const Rank& r : ranks) values.push_back(r.*member);
  return values;
}

void put_sequence(const Id& parent, std::uint64_t number, const Sequence& sequence) {
  const Id group = hdf5::create_group(parent, std::to_string(number));
  hdf5::write_attribute(group, "taken", sequence.taken);
  hdf5::write_attribute(group, "seconds", sequence.seconds);
  hdf5::write_attribute(group, "engine", sequence.engine);
  hdf5::write_attribute(group, "compress", sequence.compress);
  const auto& r = sequence.ranks;
  const Id images = hdf5::create_group(group, "images");
  hdf5::write_column(images, "path", column(r, &Rank::path));
  hdf5::write_column(images, "bytes", column(r, &Rank::bytes));
  hdf5::write_column(images, "checksum", column(r, &Rank::checksum));
  const Id ranks = hdf5::create_group(group, "ranks");
  hdf5::write_column(ranks, "pid", column(r, &Rank::pid));
  hdf5::write_column(ranks, "host", column(r, &Rank::host));
  hdf5::write_column(ranks, "pages_seen", column(r, &Rank::pages_seen));
  hdf5::write_column(ranks, "pages_stored", column(r, &Rank::pages_stored));
  const Id timings = hdf5::create_group(group, "timings");
  hdf5::write_column(timings, "callback_seconds", column(r, &Rank::callback_seconds));
  hdf5::write_column(timings, "stop_seconds", column(r, &Rank::stop_seconds));
  hdf5::write_column(timings, "pause_seconds", column(r, &Rank::pause_seconds));
  hdf5::write_column(timings, "write_seconds", column(r, &Rank::write_seconds));
}

template <typename T>
void fill(std::vector<Rank>& ranks, T Rank::*member, const std::vector<T>& values, const char* name) {
  if (ranks.empty()) ranks.resize(values.size());
  if (values.size() != ranks.size())
    throw PermanentError(std::string("manifest: column ") + name + " has another length than the others");
  for (std::size_t i = 0; i < values.size(); ++i) ranks[i].*member = values[i];
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
  Sequence s;
  s.taken = hdf5::read_string(group, "taken");
  s.seconds = hdf5::read_double(group, "seconds");
  s.engine = hdf5::read_string(group, "engine");
  s.compress = hdf5::read_string(group, "compress");
  const Id images = hdf5::open_group(group, "images");
  fill(s.ranks, &Rank::path, hdf5::read_strings(images, "path"), "path");
  fill(s.ranks, &Rank::bytes, hdf5::read_u64s(images, "bytes"), "bytes");
  fill(s.ranks, &Rank::checksum, hdf5::read_u64s(images, "checksum"), "checksum");
  const Id ranks = hdf5::open_group(group, "ranks");
  fill(s.ranks, &Rank::pid, hdf5::read_u64s(ranks, "pid"), "pid");
  fill(s.ranks, &Rank::host, hdf5::read_strings(ranks, "host"), "host");
  fill(s.ranks, &Rank::pages_seen, hdf5::read_u64s(ranks, "pages_seen"), "pages_seen");
  fill(s.ranks, &Rank::pages_stored, hdf5::read_u64s(ranks, "pages_stored"), "pages_stored");
  const Id timings = hdf5::open_group(group, "timings");
  fill(s.ranks, &Rank::callback_seconds, hdf5::read_doubles(timings, "callback_seconds"), "callback_seconds");
  fill(s.ranks, &Rank::stop_seconds, hdf5::read_doubles(timings, "stop_seconds"), "stop_seconds");
  fill(s.ranks, &Rank::pause_seconds, hdf5::read_doubles(timings, "pause_seconds"), "pause_seconds");
  fill(s.ranks, &Rank::write_seconds, hdf5::read_doubles(timings, "write_seconds"), "write_seconds");
  for (const Rank& r : s.ranks) check_path(r.path);
  return s;
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

std::vector<unsigned char> encode(const Manifest& manifest) {
  const Id file = hdf5::create_in_memory();
  hdf5::write_attribute(hdf5::open_group(file, "/"), "format", kFormat);
  put_job(file, manifest.job);
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
  manifest.job = get_job(file);
  const Id sequences = hdf5::open_group(file, "sequences");
  for (const std::string& name : hdf5::group_names(sequences)) {
    const std::uint64_t number = sequence_number(name);
    manifest.sequences[number] = get_sequence(sequences, name);
  }
  return manifest;
}

}  // namespace cairn::manifest
