// SPDX-License-Identifier: Apache-2.0
#include "pmix/transport/pmix_transport.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace cairn::pmix {
namespace {

[[noreturn]] void fail(const std::string& what, pmix_status_t status) {
  throw TemporaryError(what + ": " + PMIx_Error_string(status));
}

// A pmix_value_t that refers to bytes it does not own.
pmix_value_t borrow_bytes(const void* data, std::size_t n) {
  pmix_value_t value;
  std::memset(&value, 0, sizeof(value));
  value.type = PMIX_BYTE_OBJECT;
  value.data.bo.bytes = const_cast<char*>(static_cast<const char*>(data));
  value.data.bo.size = n;
  return value;
}

pmix_info_t make_info(const char* key, const pmix_value_t& value) {
  pmix_info_t info;
  std::memset(&info, 0, sizeof(info));
  std::strncpy(info.key, key, sizeof(info.key) - 1);
  info.value = value;
  return info;
}

// What stands in front of every contribution.
struct Slot {
  std::uint64_t number;  // of the fence
  std::uint64_t length;
};
constexpr std::size_t kInline = 512;

std::string slot_key(std::uint64_t number) { return number % 2 != 0 ? "cairn.gather.odd" : "cairn.gather.even"; }

std::size_t size_class(std::uint64_t length) {
  std::size_t size = 4 * kInline;
  while (size < length) size *= 4;
  return size;
}

pmix_info_t session_range() {
  pmix_value_t value;
  std::memset(&value, 0, sizeof(value));
  value.type = PMIX_DATA_RANGE;
  value.data.range = PMIX_RANGE_SESSION;
  return make_info(PMIX_RANGE, value);
}

}  // namespace

struct PmixTransport::Pending {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  pmix_status_t status = PMIX_SUCCESS;
  std::string value;

  void complete(pmix_status_t s, std::string v) {
    const std::lock_guard lock(mutex);
    done = true;
    status = s;
    value = std::move(v);
    changed.notify_all();
  }
  bool wait(double seconds) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return done; });
  }
};

namespace {

// Callback data is a heap-allocated shared_ptr, so that an answer that comes after everybody lost interest is harmless.
using Handle = std::shared_ptr<PmixTransport::Pending>;

void lookup_done(pmix_status_t status, pmix_pdata_t data[], size_t n, void* cookie) {
  const std::unique_ptr<Handle> handle(static_cast<Handle*>(cookie));
  std::string value;
  if (status == PMIX_SUCCESS && n > 0 && data[0].value.type == PMIX_BYTE_OBJECT) {
    value.assign(data[0].value.data.bo.bytes, data[0].value.data.bo.size);
  } else if (status == PMIX_SUCCESS) {
    status = PMIX_ERR_NOT_FOUND;
  }
  (*handle)->complete(status, std::move(value));
}

void fence_done(pmix_status_t status, void* cookie) {
  const std::unique_ptr<Handle> handle(static_cast<Handle*>(cookie));
  (*handle)->complete(status, {});
}

}  // namespace

PmixTransport::PmixTransport() {
  if (const pmix_status_t rc = PMIx_Init(&self_, nullptr, 0); rc != PMIX_SUCCESS) fail("PMIx_Init of the agent", rc);
  pmix_proc_t job;
  PMIX_LOAD_PROCID(&job, self_.nspace, PMIX_RANK_WILDCARD);
  pmix_value_t* value = nullptr;
  if (const pmix_status_t rc = PMIx_Get(&job, PMIX_JOB_SIZE, nullptr, 0, &value); rc != PMIX_SUCCESS) {
    PMIx_Finalize(nullptr, 0);
    fail("the size of this job is unknown", rc);
  }
  size_ = static_cast<int>(value->data.uint32);
  PMIX_VALUE_RELEASE(value);
  parts_.resize(static_cast<std::size_t>(size_));
}

void PmixTransport::leave() noexcept {
  if (!left_) PMIx_Finalize(nullptr, 0);
  left_ = true;
}

std::string PmixTransport::key(const char* kind, std::uint64_t n) const {
  return "cairn." + std::string(kind) + "." + self_.nspace + "." + std::to_string(n);
}

void PmixTransport::publish(const std::string& key, const std::string& value) {
  pmix_info_t infos[2] = {make_info(key.c_str(), borrow_bytes(value.data(), value.size())), session_range()};
  if (const pmix_status_t rc = PMIx_Publish(infos, 2); rc != PMIX_SUCCESS) fail("publishing " + key, rc);
}

void PmixTransport::unpublish(const std::string& key) noexcept {
  char* keys[2] = {const_cast<char*>(key.c_str()), nullptr};
  pmix_info_t info = session_range();
  PMIx_Unpublish(keys, &info, 1);
}

std::shared_ptr<PmixTransport::Pending> PmixTransport::look_up(const std::string& key) {
  auto pending = std::make_shared<Pending>();
  pmix_value_t wait;
  std::memset(&wait, 0, sizeof(wait));
  wait.type = PMIX_INT;
  wait.data.integer = 1;
  pmix_info_t infos[2] = {make_info(PMIX_WAIT, wait), session_range()};
  char* keys[2] = {const_cast<char*>(key.c_str()), nullptr};
  auto handle = std::make_unique<Handle>(pending);
  if (const pmix_status_t rc = PMIx_Lookup_nb(keys, infos, 2, lookup_done, handle.get()); rc != PMIX_SUCCESS) {
    fail("looking up " + key, rc);
  }
  handle.release();
  return pending;
}

bool PmixTransport::wait_key(std::shared_ptr<Pending>& pending, const std::string& key, double seconds,
                             std::string& value) {
  if (!pending) pending = look_up(key);
  if (!pending->wait(seconds)) return false;
  const auto done = std::move(pending);
  pending.reset();
  if (done->status != PMIX_SUCCESS) fail("looking up " + key, done->status);
  value = done->value;
  return true;
}

void PmixTransport::notify(std::uint64_t n, const std::string& entry) {
  publish(key("log", n), entry);
  // Entry n-1 has been read by everybody: no rank is asked for n before all have answered n-1, except for the
  // close entry, which may follow at once; so what is taken back is the one before.
  if (n > 2) unpublish(key("log", n - 2));
}

bool PmixTransport::wait(std::uint64_t n, double seconds, std::string& entry) {
  return wait_key(entry_, key("log", n), seconds, entry);
}

void PmixTransport::put(const std::string& key, const std::string& value) {
  pmix_value_t v = borrow_bytes(value.data(), value.size());
  if (const pmix_status_t rc = PMIx_Put(PMIX_GLOBAL, key.c_str(), &v); rc != PMIX_SUCCESS)
    fail("contributing to a fence of the agents", rc);
}

void PmixTransport::gather_begin(std::span<const std::byte> mine) {
  ++gathers_;
  const Slot slot{gathers_, mine.size()};
  const std::string contribution(reinterpret_cast<const char*>(mine.data()), mine.size());
  std::string value(reinterpret_cast<const char*>(&slot), sizeof(slot));
  if (mine.size() <= kInline) {
    value += contribution;
  } else {
    const std::size_t size = size_class(mine.size());
    put(slot_key(gathers_) + "." + std::to_string(size), contribution + std::string(size - mine.size(), '\0'));
  }
  value.resize(sizeof(slot) + kInline, '\0');
  put(slot_key(gathers_), value);
  pmix_status_t rc = PMIx_Commit();
  if (rc != PMIX_SUCCESS) fail("contributing to a fence of the agents", rc);
  pmix_value_t yes;
  std::memset(&yes, 0, sizeof(yes));
  yes.type = PMIX_BOOL;
  yes.data.flag = true;
  const pmix_info_t info = make_info(PMIX_COLLECT_DATA, yes);
  pmix_proc_t all;
  PMIX_LOAD_PROCID(&all, self_.nspace, PMIX_RANK_WILDCARD);
  auto pending = std::make_shared<Pending>();
  auto handle = std::make_unique<Handle>(pending);
  rc = PMIx_Fence_nb(&all, 1, &info, 1, fence_done, handle.get());
  if (rc == PMIX_OPERATION_SUCCEEDED) {
    pending->complete(PMIX_SUCCESS, {});
  } else if (rc != PMIX_SUCCESS) {
    fail("beginning a fence of the agents", rc);
  } else {
    handle.release();
  }
  fence_ = pending;
}

bool PmixTransport::gather_test() {
  if (!fence_) return true;
  {
    const std::lock_guard lock(fence_->mutex);
    if (!fence_->done) return false;
    if (fence_->status != PMIX_SUCCESS) fail("fence of the agents", fence_->status);
  }
  fence_.reset();
  for (int r = 0; r < size_; ++r) parts_[static_cast<std::size_t>(r)] = fetch_part(static_cast<pmix_rank_t>(r));
  return true;
}

std::string PmixTransport::fetch(pmix_rank_t rank, const std::string& key) const {
  pmix_proc_t peer;
  PMIX_LOAD_PROCID(&peer, self_.nspace, rank);
  pmix_value_t* value = nullptr;
  const pmix_status_t rc = PMIx_Get(&peer, key.c_str(), nullptr, 0, &value);
  if (rc != PMIX_SUCCESS) fail("rank " + std::to_string(rank) + "'s part of a fence is missing", rc);
  const std::unique_ptr<pmix_value_t, void (*)(pmix_value_t*)> owner(value,
                                                                     [](pmix_value_t* v) { PMIX_VALUE_RELEASE(v); });
  if (value->type != PMIX_BYTE_OBJECT)
    throw PermanentError("rank " + std::to_string(rank) + "'s part of a fence has a wrong type");
  return {value->data.bo.bytes, value->data.bo.size};
}

std::vector<std::byte> PmixTransport::fetch_part(pmix_rank_t rank) const {
  std::string value = fetch(rank, slot_key(gathers_));
  Slot slot;
  if (value.size() != sizeof(slot) + kInline)
    throw PermanentError("rank " + std::to_string(rank) + "'s part of a fence has a wrong size");
  std::memcpy(&slot, value.data(), sizeof(slot));
  if (slot.number != gathers_) {
    throw PermanentError("rank " + std::to_string(rank) + " is at fence " + std::to_string(slot.number) +
                         " of the agents' log, this rank at " + std::to_string(gathers_));
  }
  if (slot.length <= kInline) {
    value.erase(0, sizeof(slot));
  } else {
    value = fetch(rank, slot_key(gathers_) + "." + std::to_string(size_class(slot.length)));
  }
  if (value.size() < slot.length)
    throw PermanentError("rank " + std::to_string(rank) + "'s part of a fence is cut off");
  const auto* bytes = reinterpret_cast<const std::byte*>(value.data());
  return {bytes, bytes + slot.length};
}

std::vector<std::vector<std::byte>> PmixTransport::gather(std::span<const std::byte> mine) {
  gather_begin(mine);
  const auto fence = fence_;
  while (fence && !fence->wait(60)) {
  }
  gather_test();
  return parts_;
}

bool PmixTransport::wait_ping(std::uint64_t n, double seconds) {
  std::string ignored;
  return wait_key(ping_, key("ask", n), seconds, ignored);
}

void PmixTransport::answer_ping(std::uint64_t n, const std::string& answer) {
  const std::string mine = "answer." + std::to_string(self_.rank);
  if (answered_ != 0) unpublish(key(mine.c_str(), answered_));
  publish(key(mine.c_str(), n), answer);
  answered_ = n;
}

std::map<int, std::string> PmixTransport::ask_all(std::uint64_t n, double seconds) {
  publish(key("ask", n), "?");
  std::vector<std::shared_ptr<Pending>> answers;
  for (int r = 0; r < size_; ++r) answers.push_back(look_up(key(("answer." + std::to_string(r)).c_str(), n)));
  const Deadline end(seconds);
  std::map<int, std::string> result;
  for (int r = 0; r < size_; ++r) {
    auto& answer = *answers[static_cast<std::size_t>(r)];
    if (answer.wait(std::max(end.left(), 0.0)) && answer.status == PMIX_SUCCESS) result[r] = answer.value;
  }
  return result;
}

}  // namespace cairn::pmix
