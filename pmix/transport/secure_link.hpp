// SPDX-License-Identifier: Apache-2.0
// The connection between rank 0's agent and the coordinator: records over TCP, each with a keyed hash.
//
// Both ends hold one 32-byte secret. They exchange random nonces; each direction's session key is
// BLAKE2b(key = secret, direction || client nonce || server nonce). A frame is u32 length, the bytes, and a
// 32-byte BLAKE2b MAC under the session key over (frame number, bytes), so that nothing can be injected,
// replayed or reordered; contents are not hidden. The first frame of each direction proves the knowledge of the secret.
//
// Thread safety: one thread may send while another receives; neither call is shared. Errors: cairn::TemporaryError.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/record.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::pmix {

using LinkKey = std::array<unsigned char, 32>;

LinkKey make_link_key();
std::string to_hex(const LinkKey& key);
// Throws ArgumentError if `hex` is not 64 hexadecimal digits.
LinkKey link_key_from_hex(const std::string& hex);

class SecureLink {
 public:
  // Takes over a connected socket and does the handshake within `seconds`.
  SecureLink(UniqueFd socket, const LinkKey& key, bool is_server, double seconds);
  ~SecureLink();
  SecureLink(const SecureLink&) = delete;
  SecureLink& operator=(const SecureLink&) = delete;

  void send(const Record& record);
  // Nothing if `seconds` (negative: no limit) pass first.
  std::optional<Record> receive(double seconds);
  // Makes both directions fail from now on, and a receive() in another thread return by throwing.
  void shut_down() noexcept;

 private:
  void send_frame(const std::string& payload, double seconds);
  std::optional<std::string> receive_frame(double seconds, std::uint32_t limit);

  UniqueFd socket_;
  std::array<unsigned char, 32> send_key_{}, receive_key_{};
  std::uint64_t sent_ = 0, received_ = 0;
  std::string pending_;  // bytes of a frame that is not complete yet
  std::mutex send_mutex_;
};

// A TCP socket that listens on every address of this machine; its port is chosen by the kernel.
UniqueFd listen_tcp(std::uint16_t& port);
// Addresses by which other machines may reach this one (no loopback unless there is nothing else), numeric.
std::vector<std::string> local_addresses();
// Connects to the first of `addresses` that answers within `seconds`: one that says nothing does not keep the next
// waiting for long. `answered`: which it was. Throws TemporaryError.
UniqueFd connect_tcp(const std::vector<std::string>& addresses, std::uint16_t port, double seconds,
                     std::string* answered = nullptr);

}  // namespace cairn::pmix
