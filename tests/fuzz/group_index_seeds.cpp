// SPDX-License-Identifier: Apache-2.0
// Writes small indexes of groups into a directory: where the fuzzer starts from.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"
#include "core/context/group_index.hpp"

namespace {

namespace fs = std::filesystem;
using namespace cairn::context;

// write_group_index() gives each the same name.
void write(const std::string& directory, const std::string& name, const GroupIndex& index) {
  const std::string place = directory + "/" + name + ".directory";
  fs::create_directories(place);
  const cairn::UniqueFd fd(open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  write_group_index(fd.get(), index, false);
  fs::rename(place + "/" + group_index_name, directory + "/" + name);
  fs::remove(place);
}

GroupProcess process(int pid, int parent, int group, int session) {
  return {.pid = pid, .parent = parent, .group = group, .session = session, .name = "program", .checksum = 1};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: group_index_seeds DIRECTORY\n");
    return 2;
  }
  const std::string directory = argv[1];
  fs::remove_all(directory);
  fs::create_directories(directory);
  try {
    const GroupProcess first = process(10, 5, 10, 5);
    GroupProcess ended = process(12, 10, 10, 5);
    ended.ended = true;
    ended.status = 0x100;
    write(directory, "alone", {{first}});
    write(directory, "family", {{first, process(11, 10, 11, 5), ended, process(13, 11, 11, 5)}});
    write(directory, "sessions", {{first, process(11, 10, 11, 11), process(12, 11, 11, 11), process(13, 11, 13, 13)}});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "group_index_seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
