// SPDX-License-Identifier: Apache-2.0
// How pairs of sockets were saved before they had a list of options, for files of that time. Ordinary code.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstdint>

#include "core/state/descriptors/socket_content.hpp"
#include "core/state/descriptors/socket_options.hpp"

namespace cairn::state {

struct PairSideV1 {
  static constexpr std::array<int, 5> kNumbers{SO_PASSCRED, SO_RCVLOWAT, SO_KEEPALIVE, SO_PRIORITY, SO_PEEK_OFF};
  static constexpr std::array<int, 2> kBuffers{SO_SNDBUF, SO_RCVBUF};
  static constexpr std::array<int, 2> kTimes{SO_RCVTIMEO, SO_SNDTIMEO};

  bool open = false;
  std::uint64_t inode = 0;
  std::uint32_t shut = 0;
  std::array<std::int32_t, kNumbers.size()> numbers{};
  std::array<std::int32_t, kBuffers.size()> buffers{};
  std::array<std::int64_t, kTimes.size()> times{};  // microseconds
  SocketContent content;
  template <class Archive>
  void fields(Archive& a) {
    a(open, inode, shut, numbers, buffers, times, content);
  }

  SocketOptions options() const {
    SocketOptions all;
    for (std::size_t i = 0; i < kBuffers.size(); ++i) all.push_back(socket_option(SOL_SOCKET, kBuffers[i], buffers[i]));
    for (std::size_t i = 0; i < kNumbers.size(); ++i) all.push_back(socket_option(SOL_SOCKET, kNumbers[i], numbers[i]));
    for (std::size_t i = 0; i < kTimes.size(); ++i) {
      const timeval time{times[i] / 1000000, times[i] % 1000000};
      all.push_back(socket_option(SOL_SOCKET, kTimes[i], time));
    }
    return all;
  }
};

struct PairDetailV1 {
  std::int32_t type = 0;
  std::array<PairSideV1, 2> sides;
  template <class Archive>
  void fields(Archive& a) {
    a(type, sides);
  }
};

}  // namespace cairn::state
