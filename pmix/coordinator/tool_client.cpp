// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/tool_client.hpp"

#include <pmix.h>
#include <pmix_tool.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "core/base/error.hpp"
#include "pmix/coordinator/tool_server.hpp"

namespace cairn::pmix {

// The result of an asynchronous call; shared with the callback, which may come when nobody waits any more.
struct PendingReply::Call {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  pmix_status_t status = PMIX_SUCCESS;
  std::string reply;
};

namespace {

using Call = PendingReply::Call;
using Handle = std::shared_ptr<Call>;

void finished(pmix_status_t status, pmix_info_t* info, std::size_t n, void* data, pmix_release_cbfunc_t release,
              void* cookie) {
  const std::unique_ptr<Handle> handle(static_cast<Handle*>(data));
  Call& call = **handle;
  {
    const std::lock_guard lock(call.mutex);
    call.done = true;
    call.status = status;
    for (std::size_t i = 0; i < n; ++i) {
      const pmix_value_t& v = info[i].value;
      if (PMIX_CHECK_KEY(&info[i], kReplyKey) && v.type == PMIX_BYTE_OBJECT)
        call.reply.assign(v.data.bo.bytes, v.data.bo.size);
    }
    call.changed.notify_all();
  }
  if (release != nullptr) release(cookie);
}

}  // namespace

std::optional<Record> PendingReply::wait(double seconds) {
  std::unique_lock lock(call_->mutex);
  if (!call_->changed.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return call_->done; }))
    return std::nullopt;
  if (call_->status == PMIX_ERR_NO_PERMISSIONS)
    throw EnvironmentError("mpirun refuses: only the job's owner or root may ask");
  if (call_->status != PMIX_SUCCESS || call_->reply.empty()) {
    throw TemporaryError(std::string("no answer from mpirun: ") + PMIx_Error_string(call_->status) +
                         " (has its job ended?)");
  }
  return Record::decode(call_->reply);
}

ToolClient::ToolClient(MpirunAddress mpirun, double seconds) : mpirun_(std::move(mpirun)) {
  // PMIx_tool_init has no deadline of its own when the server accepts the connection and then says nothing.
  auto call = std::make_shared<Call>();
  std::thread([call, address = mpirun_] {
    pmix_proc_t self;
    pmix_info_t infos[2];
    PMIX_INFO_LOAD(&infos[0], PMIX_SERVER_PIDINFO, &address.pid, PMIX_PID);
    const std::string rendezvous = address.directory + kRendezvous;
    PMIX_INFO_LOAD(&infos[1], PMIX_SERVER_TMPDIR, rendezvous.c_str(), PMIX_STRING);
    ::setenv("TMPDIR", rendezvous.c_str(), 1);
    const pmix_status_t rc = PMIx_tool_init(&self, infos, 2);
    const std::lock_guard lock(call->mutex);
    call->done = true;
    call->status = rc;
    call->changed.notify_all();
  }).detach();
  std::unique_lock lock(call->mutex);
  if (!call->changed.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return call->done; })) {
    throw TemporaryError("mpirun (process " + std::to_string(mpirun_.pid) + ") does not answer; is it stopped?");
  }
  if (call->status != PMIX_SUCCESS) {
    throw TemporaryError("no connection to mpirun (process " + std::to_string(mpirun_.pid) +
                         "): " + PMIx_Error_string(call->status));
  }
}

ToolClient::~ToolClient() { PMIx_tool_finalize(); }

PendingReply ToolClient::begin_checkpoint(const CheckpointWish& wish) {
  const std::string bytes = to_record(wish).encode();
  pmix_byte_object_t object{const_cast<char*>(bytes.data()), bytes.size()};
  const bool yes = true;
  pmix_info_t* infos = nullptr;
  PMIX_INFO_CREATE(infos, 3);
  PMIX_INFO_LOAD(&infos[0], PMIX_JOB_CTRL_CHECKPOINT, &yes, PMIX_BOOL);
  PMIX_INFO_LOAD(&infos[1], kCookieKey, mpirun_.cookie.c_str(), PMIX_STRING);
  PMIX_INFO_LOAD(&infos[2], kRequestKey, &object, PMIX_BYTE_OBJECT);
  auto call = std::make_shared<Call>();
  auto handle = std::make_unique<Handle>(call);
  const pmix_status_t rc = PMIx_Job_control_nb(nullptr, 0, infos, 3, finished, handle.get());
  if (rc != PMIX_SUCCESS) throw TemporaryError(std::string("asking mpirun: ") + PMIx_Error_string(rc));
  handle.release();
  // PMIx keeps referring to `infos` until it has sent them: they are not destructed, a tool asks but once.
  return PendingReply(call);
}

std::shared_ptr<PendingReply::Call> ToolClient::begin_query(const char* key) {
  // Never freed: PMIx keeps referring to it until it has sent it, and a tool asks seldom.
  pmix_query_t* question = nullptr;
  PMIX_QUERY_CREATE(question, 1);
  int ignored = 0;
  PMIX_ARGV_APPEND(ignored, question->keys, key);
  static_cast<void>(ignored);
  PMIX_QUERY_QUALIFIERS_CREATE(question, 1);
  PMIX_INFO_LOAD(&question->qualifiers[0], kCookieKey, mpirun_.cookie.c_str(), PMIX_STRING);
  auto call = std::make_shared<Call>();
  auto handle = std::make_unique<Handle>(call);
  const pmix_status_t rc = PMIx_Query_info_nb(question, 1, finished, handle.get());
  if (rc != PMIX_SUCCESS) throw TemporaryError(std::string("asking mpirun: ") + PMIx_Error_string(rc));
  handle.release();
  return call;
}

Record ToolClient::query(const char* key, double seconds) {
  auto reply = PendingReply(begin_query(key)).wait(seconds);
  if (!reply) throw TemporaryError("mpirun does not answer (is it stopped?)");
  return *reply;
}

JobStatus ToolClient::status(double seconds) { return from_record<JobStatus>(query(kStatusKey, seconds)); }

SequenceList ToolClient::list(double seconds) { return from_record<SequenceList>(query(kListKey, seconds)); }

void ToolClient::confirm() noexcept {
  try {
    PendingReply(begin_query(kReceivedKey)).wait(1);
  } catch (const Error&) {
    // There is no answer to a confirmation.
  }
}

}  // namespace cairn::pmix
