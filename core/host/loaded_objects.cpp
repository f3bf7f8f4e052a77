// SPDX-License-Identifier: Apache-2.0
#include "core/host/loaded_objects.hpp"

#include <dlfcn.h>

#include <atomic>
#include <map>
#include <mutex>

#include "core/host/entries.hpp"

namespace cairn::host {
namespace {

struct Opened {
  std::mutex lock;
  std::map<void*, int> handles;  // how often each was opened
};
// Never destroyed: libraries close what they have opened at the very end.
Opened& opened() {
  static auto* const instance = new Opened;
  return *instance;
}
std::atomic<void (*)()> told{nullptr};

using Open = void* (*)(const char*, int);
using Close = int (*)(void*);

bool note(void* handle) {
  Opened& all = opened();
  const std::lock_guard<std::mutex> locked(all.lock);
  return ++all.handles[handle] == 1;
}

void forget(void* handle) {
  Opened& all = opened();
  const std::lock_guard<std::mutex> locked(all.lock);
  const auto found = all.handles.find(handle);
  if (found != all.handles.end() && --found->second == 0) all.handles.erase(found);
}

}  // namespace

void* load_object(const char* path, int flags) noexcept {
  static const auto real = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "dlopen"));
  return real(path, flags);
}

std::vector<void*> opened_objects() {
  Opened& all = opened();
  const std::lock_guard<std::mutex> locked(all.lock);
  std::vector<void*> handles;
  for (const auto& [handle, times] : all.handles) handles.push_back(handle);
  return handles;
}

void on_opened(void (*function)()) noexcept { told.store(function); }

}  // namespace cairn::host

using namespace cairn::host;

CAIRN_INTERPOSE void* CAIRN_OWN(dlopen)(const char* path, int flags) {
  void* const handle = load_object(path, flags);
  if (handle == nullptr || path == nullptr || !note(handle)) return handle;
  if (const auto function = told.load()) function();
  return handle;
}

CAIRN_INTERPOSE int CAIRN_OWN(dlclose)(void* handle) noexcept {
  static const auto real = reinterpret_cast<Close>(dlsym(RTLD_NEXT, "dlclose"));
  forget(handle);
  return real(handle);
}
