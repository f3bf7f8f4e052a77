// SPDX-License-Identifier: Apache-2.0
// launcher_forger SNAPSHOT WHAT: gives it a manifest that is whole, and
//   none      names no sequence
//   swapped   has the file of each of two ranks as that of the other, under its usual name
//   programs  has programs that come to other ranks than the job had
//   options   has an option of Cairn's that makes no sense
#include <exception>
#include <string>
#include <utility>

#include "pmix/manifest/manifest.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    cairn::manifest::Manifest manifest = cairn::manifest::load(argv[1]);
    const std::string what = argv[2];
    if (what == "none") manifest.sequences.clear();
    if (what == "programs") manifest.job.arguments = {"-np", "1", "a", ":", "-np", "4", "b"};
    if (what == "options") manifest.job.own_arguments = {"--cr-every", "-5"};
    if (what == "swapped") {
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
