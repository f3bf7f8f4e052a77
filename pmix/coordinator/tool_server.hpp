// SPDX-License-Identifier: Apache-2.0
// Where the coordinator receives tools: a PMIx server that accepts tools and hands their requests on.
//
//   PMIx_Job_control with PMIX_JOB_CTRL_CHECKPOINT   a checkpoint
//   PMIx_Query_info("cairn.status" | "cairn.list")   questions
//   PMIx_Query_info("cairn.received")              the tool has the answer to its request
//
// Every request carries the cookie of the runtime directory ("cairn.cookie"); options are a Record ("cairn.request"),
// the answer is one, too ("cairn.reply"). One object a process. Upcalls run on PMIx's thread and never block.
#pragma once

#include <functional>
#include <string>

#include "pmix/transport/record.hpp"

namespace cairn::pmix {

inline constexpr char kRendezvous[] = "/pmix";  // below the runtime directory
inline constexpr char kCookieKey[] = "cairn.cookie";
inline constexpr char kRequestKey[] = "cairn.request";
inline constexpr char kReplyKey[] = "cairn.reply";
inline constexpr char kStatusKey[] = "cairn.status";
inline constexpr char kListKey[] = "cairn.list";
inline constexpr char kReceivedKey[] = "cairn.received";  // a tool has its answer

class ToolServer {
 public:
  using Reply = std::function<void(const Record&)>;
  using Handler = std::function<void(const Record& request, Reply reply)>;

  // `directory` is private to the user and gets PMIx's rendezvous files. Throws EnvironmentError.
  ToolServer(const std::string& directory, std::string cookie, Handler handler);
  ToolServer(const ToolServer&) = delete;
  ToolServer& operator=(const ToolServer&) = delete;
  // Before the process ends: waits until every request is answered and every answer has arrived, or is older than 2 s
  // (its tool has died). The server itself is never finalised: PMIx 4.2 crashes when an answer is on its way then.
  void drain(double seconds);
};

}  // namespace cairn::pmix
