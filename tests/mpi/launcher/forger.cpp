// SPDX-License-Identifier: Apache-2.0
// launcher_forger SNAPSHOT none|swapped: gives it a manifest that is whole, and names no sequence, or the file of each
// of two ranks as that of the other, under its usual name.
#include <exception>
#include <string>
#include <utility>

#include "pmix/manifest/manifest.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    cairn::manifest::Manifest manifest = cairn::manifest::load(argv[1]);
    if (argv[2] == std::string("none")) {
      manifest.sequences.clear();
    } else {
      auto& ranks = manifest.sequences.at(0).ranks;
      std::swap(ranks.at(0), ranks.at(1));
      std::swap(ranks[0].path, ranks[1].path);
    }
    cairn::manifest::store(argv[1], manifest);
    return 0;
  } catch (const std::exception&) {
    return 1;
  }
}
