// SPDX-License-Identifier: Apache-2.0
// Sockets under SecureLink: listening, addresses of this machine, connecting.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {
namespace {

constexpr int kHeadStart = 250;  // milliseconds, of one address before the next (RFC 8305)

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

bool parse_address(const std::string& text, std::uint16_t port, Address& out, socklen_t& length) {
  std::memset(&out, 0, sizeof(out));
  if (::inet_pton(AF_INET, text.c_str(), &out.v4.sin_addr) == 1) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(port);
    length = sizeof(out.v4);
    return true;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &out.v6.sin6_addr) == 1) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(port);
    length = sizeof(out.v6);
    return true;
  }
  return false;
}

// Which of several addresses answers first.
class Race {
 public:
  explicit Race(std::uint16_t port) : port_(port) {}
  void begin(const std::string& text);
  // The connection to whoever has answered; none if `milliseconds` pass first, or somebody has refused.
  UniqueFd wait(int milliseconds);
  bool runs() const noexcept { return !runners_.empty(); }
  const std::string& winner() const noexcept { return winner_; }
  std::string why_not() const {
    return runners_.empty() ? refusal_ : with_errno(place(runners_.front().address), ETIMEDOUT);
  }

 private:
  struct Runner {
    std::string address;
    UniqueFd fd;
  };
  std::string place(const std::string& address) const { return address + " port " + std::to_string(port_); }

  const std::uint16_t port_;
  std::vector<Runner> runners_;
  std::string winner_, refusal_ = "no address given";
};

void Race::begin(const std::string& text) {
  Address address;
  socklen_t length = 0;
  if (!parse_address(text, port_, address, length)) return;
  UniqueFd fd(::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return;
  if (::connect(fd.get(), &address.any, length) != 0 && errno != EINPROGRESS) {
    refusal_ = with_errno(place(text), errno);
    return;
  }
  runners_.push_back({text, std::move(fd)});
}

UniqueFd Race::wait(int milliseconds) {
  std::vector<pollfd> polled;
  for (const Runner& runner : runners_) polled.push_back({runner.fd.get(), POLLOUT, 0});
  if (polled.empty() || ::poll(polled.data(), polled.size(), milliseconds) <= 0) return {};
  for (std::size_t i = polled.size(); i-- > 0;) {
    if (polled[i].revents == 0) continue;
    Runner runner = std::move(runners_[i]);
    runners_.erase(runners_.begin() + static_cast<std::ptrdiff_t>(i));
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(runner.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error == 0) {
      winner_ = runner.address;
      return std::move(runner.fd);
    }
    refusal_ = with_errno(place(runner.address), error);
  }
  return {};
}

}  // namespace

UniqueFd listen_tcp(std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Address address{};
  socklen_t length = sizeof(address.v6);
  address.v6.sin6_family = AF_INET6;
  address.v6.sin6_addr = in6addr_any;
  const int off = 0;
  if (!fd || ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
      ::bind(fd.get(), &address.any, length) != 0) {
    // No IPv6 on this machine.
    fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    std::memset(&address, 0, sizeof(address));
    address.v4.sin_family = AF_INET;
    length = sizeof(address.v4);
    if (!fd || ::bind(fd.get(), &address.any, length) != 0) {
      throw EnvironmentError(with_errno("no TCP socket for the job's agents", errno));
    }
  }
  if (::listen(fd.get(), 16) != 0 || ::getsockname(fd.get(), &address.any, &length) != 0) {
    throw EnvironmentError(with_errno("no TCP socket for the job's agents", errno));
  }
  port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
  return fd;
}

std::vector<std::string> local_addresses() {
  ifaddrs* list = nullptr;
  std::vector<std::string> result;
  if (::getifaddrs(&list) == 0) {
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
      if (i->ifa_addr == nullptr || (i->ifa_flags & IFF_UP) == 0 || (i->ifa_flags & IFF_LOOPBACK) != 0) continue;
      char text[INET6_ADDRSTRLEN] = "";
      if (i->ifa_addr->sa_family == AF_INET) {
        ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(i->ifa_addr)->sin_addr, text, sizeof(text));
      } else if (i->ifa_addr->sa_family == AF_INET6) {
        const in6_addr& a = reinterpret_cast<sockaddr_in6*>(i->ifa_addr)->sin6_addr;
        if (!IN6_IS_ADDR_LINKLOCAL(&a)) ::inet_ntop(AF_INET6, &a, text, sizeof(text));
      }
      if (text[0] != '\0') result.emplace_back(text);
    }
  }
  result.emplace_back("127.0.0.1");
  return result;
}

UniqueFd connect_tcp(const std::vector<std::string>& addresses, std::uint16_t port, double seconds,
                     std::string* answered) {
  const Deadline deadline(seconds);
  Race race(port);
  for (std::size_t begun = 0; begun < addresses.size() || race.runs();) {
    if (begun < addresses.size()) race.begin(addresses[begun++]);
    const int left = deadline.milliseconds();
    if (UniqueFd fd = race.wait(begun < addresses.size() ? std::min(left, kHeadStart) : left)) {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
      if (answered != nullptr) *answered = race.winner();
      return fd;
    }
    if (deadline.passed()) break;
  }
  throw TemporaryError("mpirun's coordinator cannot be reached: " + race.why_not());
}

}  // namespace cairn::pmix
