// SPDX-License-Identifier: Apache-2.0
// Rank 0's end of the connection to the coordinator, with the thread that reads it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "pmix/transport/coordinator_address.hpp"
#include "pmix/transport/messages.hpp"
#include "pmix/transport/record_fields.hpp"
#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {

class AgentLink {
 public:
  // What the coordinator may ask; called on the link's thread.
  class Orders {
   public:
    virtual ~Orders() = default;
    // Make it the next entry of the log. False if the log is closed.
    virtual bool append(const CheckpointOrder& order) = 0;
    virtual void decide(const Decision& decision) = 0;
    virtual SurveyAnswer survey(const SurveyQuestion& question) = 0;
  };

  AgentLink(CoordinatorAddress where, Hello hello, Orders& orders);
  ~AgentLink() = default;  // never while the thread runs: agents live as long as their process

  void start();
  // Best effort: false if the coordinator is gone.
  template <class Message>
  bool send(const Message& message) noexcept {
    return send_record(to_record(message));
  }
  void shut_down() noexcept;
  // Says how this rank calls MPI: with the first message, or after it. Any thread.
  void tell_crossing(const std::string& text) noexcept;

 private:
  bool send_record(const Record& record) noexcept;
  std::shared_ptr<SecureLink> connect();
  void run();
  void serve(const Record& order);
  std::shared_ptr<SecureLink> link() const;

  CoordinatorAddress where_;  // the thread's
  Orders& orders_;
  std::mutex hello_mutex_;  // held while it is sent, so that it is the first message
  Hello hello_;
  bool greeted_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<SecureLink> link_;
  bool stopped_ = false;
};

}  // namespace cairn::pmix
