// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/stored_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <exception>
#include <functional>

#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"
#include "core/context/reader.hpp"
#include "pmix/manifest/images.hpp"

namespace cairn::manifest {
namespace {

constexpr char kUnfinished[] = ".object-";
constexpr std::size_t kNameLength = 32;  // hexadecimal digits of a hash

bool is_object(const std::string& name) {
  return name.size() == kNameLength && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

void remove_files(int directory, const std::function<bool(const std::string&)>& wanted) {
  const UniqueFd objects(::openat(directory, kObjects, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!objects) return;
  for (const std::string& name : directory_entries("/proc/self/fd/" + std::to_string(objects.get())))
    if (wanted(name)) ::unlinkat(objects.get(), name.c_str(), 0);
}

}  // namespace

const StoredFiles::Names& StoredFiles::needed_by(std::uint64_t number, const Sequence& sequence,
                                                 const std::string& path) {
  const auto known = needed_.find(number);
  if (known != needed_.end()) return known->second;
  Names names;
  for (const Rank& rank : sequence.ranks) {
    for_each_image(path, rank, [&](const context::Reader& image, const std::string&) {
      for (const context::StoredObject& object : image.objects()) names.insert(object.hash);
    });
  }
  return needed_[number] = std::move(names);
}

void StoredFiles::remove_unused(int directory, const std::string& path, const Manifest& manifest) noexcept {
  // A number may be used again.
  std::erase_if(needed_, [&](const auto& known) { return manifest.sequences.count(known.first) == 0; });
  try {
    Names needed;
    for (const auto& [number, sequence] : manifest.sequences) {
      const Names& names = needed_by(number, sequence, path);
      needed.insert(names.begin(), names.end());
    }
    remove_files(directory, [&](const std::string& name) { return is_object(name) && needed.count(name) == 0; });
  } catch (const std::exception&) {
  }
}

void StoredFiles::remove_unfinished(int directory) noexcept {
  try {
    remove_files(directory, [](const std::string& name) { return name.starts_with(kUnfinished); });
  } catch (const std::exception&) {  // no memory
  }
}

}  // namespace cairn::manifest
