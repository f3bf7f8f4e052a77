// SPDX-License-Identifier: Apache-2.0
#include "pmix/transport/secure_link.hpp"

#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace cairn::pmix {
namespace {

constexpr std::uint32_t kHandshakeLimit = 64;
constexpr std::uint32_t kFrameLimit = 256u << 20;
constexpr double kSendSeconds = 30;
constexpr std::size_t kMac = 32;
constexpr char kGreeting[] = "cairn-link-1";

void need_sodium() {
  if (sodium_init() < 0) throw EnvironmentError("libsodium cannot be initialised: no source of random numbers");
}

bool wait_for(int fd, short events, const Deadline& end) {
  for (;;) {
    pollfd p{fd, events, 0};
    const int n = ::poll(&p, 1, end.milliseconds());
    if (n > 0) return true;
    if (n == 0) return false;
    if (errno != EINTR) throw TemporaryError(with_errno("waiting for the coordinator's link", errno));
  }
}

void hash(unsigned char* out, const unsigned char* key, std::initializer_list<std::string_view> parts) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, key, 32, 32);
  for (const std::string_view part : parts) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
  }
  crypto_generichash_final(&state, out, 32);
}

std::string number_bytes(std::uint64_t n) { return {reinterpret_cast<const char*>(&n), sizeof(n)}; }

}  // namespace

LinkKey make_link_key() {
  need_sodium();
  LinkKey key;
  randombytes_buf(key.data(), key.size());
  return key;
}

std::string to_hex(const LinkKey& key) {
  std::string hex(key.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), key.data(), key.size());
  hex.pop_back();
  return hex;
}

LinkKey link_key_from_hex(const std::string& hex) {
  LinkKey key;
  std::size_t length = 0;
  if (sodium_hex2bin(key.data(), key.size(), hex.data(), hex.size(), nullptr, &length, nullptr) != 0 ||
      length != key.size() || hex.size() != 2 * key.size()) {
    throw ArgumentError("the coordinator's key is not 64 hexadecimal digits");
  }
  return key;
}

SecureLink::SecureLink(UniqueFd socket, const LinkKey& key, bool is_server, double seconds)
    : socket_(std::move(socket)) {
  need_sodium();
  std::string mine(32, '\0');
  randombytes_buf(mine.data(), mine.size());
  std::string hello = kGreeting + mine;
  const Deadline end(seconds);
  // The nonces go out unauthenticated; both session keys depend on both of them.
  std::size_t done = 0;
  while (done < hello.size()) {
    if (!wait_for(socket_.get(), POLLOUT, end)) throw TemporaryError("handshake on the coordinator's link timed out");
    const ssize_t n = ::send(socket_.get(), hello.data() + done, hello.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) throw TemporaryError(with_errno("handshake on the coordinator's link", errno));
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  std::string theirs(hello.size(), '\0');
  for (done = 0; done < theirs.size();) {
    if (!wait_for(socket_.get(), POLLIN, end)) throw TemporaryError("handshake on the coordinator's link timed out");
    const ssize_t n = ::recv(socket_.get(), theirs.data() + done, theirs.size() - done, 0);
    if (n == 0) throw TemporaryError("handshake on the coordinator's link: the other end closed it");
    if (n < 0 && errno != EINTR) throw TemporaryError(with_errno("handshake on the coordinator's link", errno));
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  const std::size_t g = sizeof(kGreeting) - 1;
  if (theirs.compare(0, g, kGreeting) != 0)
    throw TemporaryError("the other end of the coordinator's link speaks another protocol");
  const std::string other = theirs.substr(g);
  const std::string& client = is_server ? other : mine;
  const std::string& server = is_server ? mine : other;
  hash(is_server ? receive_key_.data() : send_key_.data(), key.data(), {"to-server", client, server});
  hash(is_server ? send_key_.data() : receive_key_.data(), key.data(), {"to-client", client, server});
  send_frame("proof", seconds);
  const auto proof = receive_frame(seconds, kHandshakeLimit);
  if (!proof || *proof != "proof") throw TemporaryError("handshake on the coordinator's link: wrong key");
}

SecureLink::~SecureLink() {
  sodium_memzero(send_key_.data(), send_key_.size());
  sodium_memzero(receive_key_.data(), receive_key_.size());
}

void SecureLink::shut_down() noexcept { ::shutdown(socket_.get(), SHUT_RDWR); }

void SecureLink::send(const Record& record) { send_frame(record.encode(), kSendSeconds); }

std::optional<Record> SecureLink::receive(double seconds) {
  const auto frame = receive_frame(seconds, kFrameLimit);
  if (!frame) return std::nullopt;
  return Record::decode(*frame);
}

void SecureLink::send_frame(const std::string& payload, double seconds) {
  const std::lock_guard lock(send_mutex_);
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::string mac(kMac, '\0');
  hash(reinterpret_cast<unsigned char*>(mac.data()), send_key_.data(), {number_bytes(sent_++), payload});
  const std::string frame = std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + payload + mac;
  const Deadline end(seconds);
  for (std::size_t done = 0; done < frame.size();) {
    if (!wait_for(socket_.get(), POLLOUT, end)) {
      shut_down();  // a frame cut in two cannot be continued
      throw TemporaryError("the coordinator's link is stuck");
    }
    const ssize_t n = ::send(socket_.get(), frame.data() + done, frame.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      throw TemporaryError(with_errno("sending on the coordinator's link", errno));
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

std::optional<std::string> SecureLink::receive_frame(double seconds, std::uint32_t limit) {
  const Deadline end = seconds < 0 ? Deadline::never() : Deadline(seconds);
  for (;;) {
    std::uint32_t length = 0;
    if (pending_.size() >= sizeof(length)) {
      std::memcpy(&length, pending_.data(), sizeof(length));
      if (length > limit) throw TemporaryError("the coordinator's link: oversized frame, wrong key or other protocol");
      if (pending_.size() >= sizeof(length) + length + kMac) break;
    }
    if (!wait_for(socket_.get(), POLLIN, end)) return std::nullopt;
    char buffer[65536];
    const ssize_t n = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
    if (n == 0) throw TemporaryError("the coordinator's link was closed by the other end");
    if (n < 0 && errno != EINTR) throw TemporaryError(with_errno("receiving on the coordinator's link", errno));
    if (n > 0) pending_.append(buffer, static_cast<std::size_t>(n));
  }
  std::uint32_t length = 0;
  std::memcpy(&length, pending_.data(), sizeof(length));
  std::string payload = pending_.substr(sizeof(length), length);
  unsigned char mac[kMac];
  hash(mac, receive_key_.data(), {number_bytes(received_++), payload});
  if (sodium_memcmp(mac, pending_.data() + sizeof(length) + length, kMac) != 0) {
    throw TemporaryError("the coordinator's link: a message without the right key");
  }
  pending_.erase(0, sizeof(length) + length + kMac);
  return payload;
}

}  // namespace cairn::pmix
