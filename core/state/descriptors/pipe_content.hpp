// SPDX-License-Identifier: Apache-2.0
// What is in a pipe: looked at without taking it, and put into another. Ordinary code.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::state {

struct PipeContent {
  bool packets = false;  // each piece is a packet (O_DIRECT); else there is one piece at most
  std::vector<std::vector<std::uint8_t>> pieces;
  template <class Archive>
  void fields(Archive& a) {
    a(packets, pieces);
  }
};

// `reading` may be read from; nobody else reads or writes meanwhile. Throws TemporaryError: text begins with what is
// wrong ("holds ...").
PipeContent look_into_pipe(int reading, unsigned capacity);
// `writing` is of an empty pipe with room for it, and does not wait. False with errno.
bool fill_pipe(int writing, const PipeContent& content);

}  // namespace cairn::state
