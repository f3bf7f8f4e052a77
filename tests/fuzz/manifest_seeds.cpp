// SPDX-License-Identifier: Apache-2.0
// Writes small manifests, and what is read from them, into a directory: where the fuzzer starts from.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "pmix/manifest/manifest.hpp"
#include "pmix/manifest/tree.hpp"

namespace {

using namespace cairn;

manifest::Manifest sample(unsigned ranks, unsigned sequences) {
  manifest::Manifest m;
  m.job.ranks = ranks;
  m.job.created = "2024-01-01T00:00:00Z";
  m.job.arguments = {"-np", std::to_string(ranks), "./solver"};
  for (unsigned n = 0; n < sequences; ++n) {
    manifest::Sequence& sequence = m.sequences[n];
    for (unsigned r = 0; r < ranks; ++r) {
      manifest::Rank& rank = sequence.ranks.emplace_back();
      rank.path = std::to_string(n) + "/rank_" + std::to_string(r) + ".ctx";
      rank.host = "node";
    }
  }
  return m;
}

void write(const std::string& path, const std::string& before, const std::vector<unsigned char>& bytes) {
  std::ofstream(path, std::ios::binary) << before << std::string(bytes.begin(), bytes.end());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: manifest_seeds DIRECTORY\n");
    return 2;
  }
  const std::string directory = argv[1];
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  try {
    for (unsigned sequences = 0; sequences < 3; ++sequences) {
      const std::vector<unsigned char> file = manifest::encode(sample(2, sequences));
      write(directory + "/file" + std::to_string(sequences), "", file);
      manifest::Tree tree = manifest::read_tree(file);
      write(directory + "/tree" + std::to_string(sequences), "t", cairn::encode(tree));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manifest_seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
