// SPDX-License-Identifier: Apache-2.0
// The user block in front of the manifest's HDF5 data: 512 bytes, little endian.
//   0  char[8]  "CAIRNMFT"
//   8  u32      version of this block, 1
//   12 u32      0
//   16 u64      length of the whole file
//   24 u64[2]   XXH3 (128 bits, low half first) of everything behind the block
//   40 ...      zeros
#pragma once

#include <cstddef>
#include <vector>

namespace cairn::manifest {

inline constexpr std::size_t kBlockSize = 512;

// Fills the first kBlockSize bytes.
void seal_block(std::vector<unsigned char>& bytes);
// Throws PermanentError and says what is wrong.
void verify_block(const std::vector<unsigned char>& bytes);

}  // namespace cairn::manifest
