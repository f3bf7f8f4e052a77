// SPDX-License-Identifier: Apache-2.0
// One tool at the coordinator's door, from its greeting to its answer. Nothing here waits: the tool server asks which
// events it wants, and tells it of them. Owns its socket; used by the server's thread only.
#pragma once

#include <poll.h>

#include <string>
#include <string_view>

#include "core/base/deadline.hpp"
#include "core/base/unique_fd.hpp"
#include "pmix/coordinator/tool_channel.hpp"

namespace cairn::pmix {

class ToolConnection {
 public:
  // Asking: the request is not whole yet. Served: mpirun has it. Answering: the answer is on its way.
  enum class State { asking, served, answering, over };

  // Greets.
  ToolConnection(UniqueFd socket, std::string_view greeting);

  State state() const { return state_; }
  const Deadline& deadline() const { return deadline_; }
  // For poll(). The tool may be gone: then there is no descriptor, and poll() passes over it.
  pollfd wish() const;

  // There was an event. True if the request has become whole with it.
  bool progress(short events);
  // Cookie and record, once.
  std::string_view request() const { return incoming_.text(); }
  // mpirun has taken the request; who stays away meanwhile does not withdraw it.
  void serve();
  void answer(std::string frame);
  void end();

 private:
  void write_on();

  UniqueFd socket_;
  State state_ = State::asking;
  Deadline deadline_;
  IncomingFrame incoming_{kLongestRequest};
  std::string outgoing_;
  std::size_t sent_ = 0;
};

}  // namespace cairn::pmix
