// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/tool_server.hpp"

#include <pmix.h>
#include <pmix_server.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "pmix/transport/messages.hpp"

extern char** environ;

namespace cairn::pmix {
namespace {

constexpr double kArrivalSeconds = 2;  // for an answer to reach its tool

// PMIx's upcalls carry no object of ours.
struct Reception {
  std::string cookie;
  ToolServer::Handler handler;
  std::atomic<unsigned> tools{0};

  std::mutex mutex;  // of what follows
  std::condition_variable changed;
  unsigned unanswered = 0;
  std::deque<Deadline> on_their_way;  // answers of which the tool has not said that it has them

  void asked() {
    const std::lock_guard lock(mutex);
    ++unanswered;
  }
  void answered() {
    const std::lock_guard lock(mutex);
    --unanswered;
    on_their_way.emplace_back(kArrivalSeconds);
    changed.notify_all();
  }
  void received() {
    const std::lock_guard lock(mutex);
    if (!on_their_way.empty()) on_their_way.pop_front();
    changed.notify_all();
  }
};
std::unique_ptr<Reception> reception;

bool right_cookie(const std::string& shown) {
  return shown.size() == reception->cookie.size() &&
         sodium_memcmp(shown.data(), reception->cookie.data(), shown.size()) == 0;
}

bool same_user(std::uint32_t uid) { return uid == 0 || uid == ::geteuid(); }

struct Asked {
  bool checkpoint = false, has_request = false;
  std::string cookie;
  Record request;
};

void read_info(const pmix_info_t& info, Asked& asked) {
  const pmix_value_t& v = info.value;
  if (PMIX_CHECK_KEY(&info, PMIX_JOB_CTRL_CHECKPOINT)) asked.checkpoint = true;
  if (PMIX_CHECK_KEY(&info, kCookieKey) && v.type == PMIX_STRING && v.data.string != nullptr)
    asked.cookie = v.data.string;
  if (PMIX_CHECK_KEY(&info, kRequestKey) && v.type == PMIX_BYTE_OBJECT) {
    asked.request = Record::decode({v.data.bo.bytes, v.data.bo.size});
    asked.has_request = true;
  }
}

struct Answer {
  pmix_info_t* info = nullptr;
};

void release_answer(void* cookie) {
  const std::unique_ptr<Answer> answer(static_cast<Answer*>(cookie));
  PMIX_INFO_FREE(answer->info, 1);
}

void answer_with(const Record& record, pmix_info_cbfunc_t callback, void* data) {
  auto answer = std::make_unique<Answer>();
  PMIX_INFO_CREATE(answer->info, 1);
  const std::string bytes = record.encode();
  pmix_byte_object_t object{const_cast<char*>(bytes.data()), bytes.size()};
  PMIX_INFO_LOAD(answer->info, kReplyKey, &object, PMIX_BYTE_OBJECT);
  pmix_info_t* info = answer->info;
  callback(PMIX_SUCCESS, info, 1, data, release_answer, answer.release());
}

pmix_status_t job_control(const pmix_proc_t*, const pmix_proc_t[], std::size_t, const pmix_info_t directives[],
                          std::size_t n, pmix_info_cbfunc_t callback, void* data) {
  try {
    Asked asked;
    for (std::size_t i = 0; i < n; ++i) read_info(directives[i], asked);
    if (!asked.checkpoint) return PMIX_ERR_NOT_SUPPORTED;
    if (!right_cookie(asked.cookie)) return PMIX_ERR_NO_PERMISSIONS;
    if (!asked.has_request) asked.request = Record(CheckpointWish::type);
    reception->asked();
    reception->handler(asked.request, [callback, data](const Record& r) {
      answer_with(r, callback, data);
      reception->answered();
    });
    return PMIX_SUCCESS;
  } catch (const std::exception&) {
    return PMIX_ERR_BAD_PARAM;
  }
}

pmix_status_t query(pmix_proc_t*, pmix_query_t* queries, std::size_t n, pmix_info_cbfunc_t callback, void* data) {
  try {
    if (n != 1 || queries[0].keys == nullptr || queries[0].keys[0] == nullptr) return PMIX_ERR_NOT_SUPPORTED;
    const std::string key = queries[0].keys[0];
    if (key != kStatusKey && key != kListKey && key != kReceivedKey) return PMIX_ERR_NOT_SUPPORTED;
    Asked asked;
    for (std::size_t i = 0; i < queries[0].nqual; ++i) read_info(queries[0].qualifiers[i], asked);
    if (!right_cookie(asked.cookie)) return PMIX_ERR_NO_PERMISSIONS;
    if (key == kReceivedKey) {
      reception->received();
      return PMIX_ERR_NOT_FOUND;
    }
    reception->handler(Record(key == kStatusKey ? JobStatus::type : SequenceList::type),
                       [callback, data](const Record& r) { answer_with(r, callback, data); });
    return PMIX_SUCCESS;
  } catch (const std::exception&) {
    return PMIX_ERR_BAD_PARAM;
  }
}

void tool_connected(pmix_info_t* info, std::size_t n, pmix_tool_connection_cbfunc_t callback, void* data) {
  pmix_proc_t name;
  std::memset(&name, 0, sizeof(name));
  // One name space for all: PMIx 4.2 keeps some 50 kB for each that it has met.
  const std::string nspace = "cairn-tool-" + std::to_string(::getpid());
  PMIX_LOAD_PROCID(&name, nspace.c_str(), reception->tools++);
  pmix_status_t verdict = PMIX_SUCCESS;
  for (std::size_t i = 0; i < n; ++i) {
    if (PMIX_CHECK_KEY(&info[i], PMIX_USERID) && !same_user(info[i].value.data.uint32))
      verdict = PMIX_ERR_NO_PERMISSIONS;
  }
  callback(verdict, &name, data);
}

pmix_status_t client_connected(const pmix_proc_t*, void*, pmix_op_cbfunc_t, void*) { return PMIX_OPERATION_SUCCEEDED; }
pmix_status_t client_finalized(const pmix_proc_t*, void*, pmix_op_cbfunc_t, void*) { return PMIX_OPERATION_SUCCEEDED; }

// A launcher of the job that this mpirun itself may belong to must not be taken for ours.
void forget_outer_job() {
  std::vector<std::string> names;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry = *e;
    if (entry.rfind("PMIX_", 0) == 0 && entry.rfind("PMIX_MCA_", 0) != 0)
      names.push_back(entry.substr(0, entry.find('=')));
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

}  // namespace

ToolServer::ToolServer(const std::string& directory, std::string cookie, Handler handler) {
  if (sodium_init() < 0) throw EnvironmentError("libsodium cannot be initialised");
  forget_outer_job();
  // PMIx widens the mode of the directory it is given: a subdirectory of the private one.
  const std::string rendezvous = directory + kRendezvous;
  if (::mkdir(rendezvous.c_str(), 0700) != 0) throw EnvironmentError(with_errno("creating " + rendezvous, errno));
  reception = std::make_unique<Reception>();
  reception->cookie = std::move(cookie);
  reception->handler = std::move(handler);
  static pmix_server_module_t upcalls;
  upcalls.client_connected = client_connected;
  upcalls.client_finalized = client_finalized;
  upcalls.tool_connected = tool_connected;
  upcalls.job_control = job_control;
  upcalls.query = query;
  pmix_info_t infos[3];
  const bool yes = true;
  PMIX_INFO_LOAD(&infos[0], PMIX_SERVER_TOOL_SUPPORT, &yes, PMIX_BOOL);
  PMIX_INFO_LOAD(&infos[1], PMIX_SERVER_TMPDIR, rendezvous.c_str(), PMIX_STRING);
  PMIX_INFO_LOAD(&infos[2], PMIX_SYSTEM_TMPDIR, rendezvous.c_str(), PMIX_STRING);
  const pmix_status_t rc = PMIx_server_init(&upcalls, infos, 3);
  for (pmix_info_t& info : infos) PMIX_INFO_DESTRUCT(&info);
  if (rc != PMIX_SUCCESS) {
    reception.reset();
    throw EnvironmentError(std::string("no PMIx server for ompi-checkpoint: ") + PMIx_Error_string(rc));
  }
}

void ToolServer::drain(double seconds) {
  const Deadline end(seconds);
  std::unique_lock lock(reception->mutex);
  for (;;) {
    while (!reception->on_their_way.empty() && reception->on_their_way.front().passed())
      reception->on_their_way.pop_front();
    if ((reception->unanswered == 0 && reception->on_their_way.empty()) || end.passed()) return;
    const auto next =
        reception->on_their_way.empty() ? end.when() : std::min(end.when(), reception->on_their_way.front().when());
    reception->changed.wait_until(lock, next);
  }
}

}  // namespace cairn::pmix
