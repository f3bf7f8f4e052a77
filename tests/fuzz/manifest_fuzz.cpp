// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as a manifest, with its checksum made right, and as what the process that reads it may
// say. Only cairn::Error may come out.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/error.hpp"
#include "pmix/manifest/manifest.hpp"
#include "pmix/manifest/manifest_block.hpp"

namespace {

using namespace cairn;

void try_as_file(std::vector<unsigned char> bytes) {
  if (bytes.size() <= manifest::kBlockSize) return;
  manifest::seal_block(bytes);
  try {
    manifest::decode(bytes);
  } catch (const Error&) {
  }
}

void try_as_tree(const std::vector<unsigned char>& bytes) {
  try {
    manifest::from_tree(bytes);
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<unsigned char> bytes(data, data + size);
  // The first byte says as what it is to be taken.
  if (size > 0 && data[0] == 't')
    try_as_tree({bytes.begin() + 1, bytes.end()});
  else
    try_as_file(bytes);
  return 0;
}
