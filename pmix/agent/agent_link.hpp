// SPDX-License-Identifier: Apache-2.0
// Rank 0's end of the connection to the coordinator, with the thread that reads it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pmix/transport/record.hpp"
#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {

// How ranks find the coordinator: environment variables that mpirun passes to them.
inline constexpr char kCoordinatorVariable[] = "CAIRN_COORDINATOR";         // "port;address,address,..."
inline constexpr char kCoordinatorKeyVariable[] = "CAIRN_COORDINATOR_KEY";  // 64 hexadecimal digits

struct CoordinatorAddress {
  std::vector<std::string> addresses;
  std::uint16_t port = 0;
  LinkKey key{};

  // Nothing if this process was not started by our mpirun, or the variables make no sense.
  static std::optional<CoordinatorAddress> from_environment();
};

class AgentLink {
 public:
  // What the coordinator may ask; called on the link's thread.
  class Orders {
   public:
    virtual ~Orders() = default;
    // Make it the next entry of the log. False if the log is closed.
    virtual bool append(const Record& entry) = 0;
    virtual void decide(std::uint64_t n, bool commit) = 0;
    virtual Record survey(std::uint64_t n, double seconds) = 0;
  };

  AgentLink(CoordinatorAddress where, Record hello, Orders& orders);
  ~AgentLink() = default;  // never while the thread runs: agents live as long as their process

  void start();
  // Best effort: false if the coordinator is gone.
  bool send(const Record& record) noexcept;
  void shut_down() noexcept;
  bool lost() const;

 private:
  void run();
  void serve(const Record& order);
  std::shared_ptr<SecureLink> link() const;

  const CoordinatorAddress where_;
  const Record hello_;
  Orders& orders_;
  mutable std::mutex mutex_;
  std::shared_ptr<SecureLink> link_;
  bool lost_ = false, stopped_ = false;
};

}  // namespace cairn::pmix
