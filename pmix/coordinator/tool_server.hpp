// SPDX-License-Identifier: Apache-2.0
// Where the coordinator receives tools: a Unix socket in the runtime directory (tool_channel.hpp) whose requests it
// hands on. A request is a Record of a type that the coordinator knows, and so is the answer.
//
// It listens by mpirun's process number, too, for those that do not find the directory.
//
// One thread for all tools, which never waits for any of them. Whoever is neither this user nor root is sent away, and
// who does not show the cookie gets no further. What peers can cost is bounded: few may be about to ask (the oldest
// makes room for the next), each for a few seconds and of a few kilobytes, and few may be served at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/record.hpp"
#include "core/base/unique_fd.hpp"
#include "pmix/coordinator/tool_connection.hpp"

namespace cairn::pmix {

class ToolServer {
 public:
  using Reply = std::function<void(const Record&)>;
  // Called by the server's thread; must not block. `reply` may be called once, by any thread, at any time.
  using Handler = std::function<void(const Record& request, Reply reply)>;

  // `directory` is private to the user and gets the socket. Throws EnvironmentError.
  ToolServer(const std::string& directory, const std::string& cookie, Handler handler);
  // Tools that still wait for an answer see that there will be none.
  ~ToolServer();
  ToolServer(const ToolServer&) = delete;
  ToolServer& operator=(const ToolServer&) = delete;

  // Before the process ends: waits until every request that was taken is answered, `seconds` at most.
  void drain(double seconds);

 private:
  struct Mailbox;                                               // from the coordinator's threads to the server's
  using Connections = std::map<std::uint64_t, ToolConnection>;  // by their age

  void serve();
  void serve_once();
  void deliver();
  void accept_tools(int listener, std::string_view greeting);
  void make_room();
  void take(std::uint64_t id, ToolConnection& connection);
  void sweep();
  std::size_t count(bool asking) const;

  std::string cookie_;
  Handler handler_;
  UniqueFd listener_, by_number_;
  std::shared_ptr<Mailbox> mailbox_;
  Connections connections_;
  std::uint64_t next_id_ = 1;
  std::thread thread_;
};

}  // namespace cairn::pmix
