// SPDX-License-Identifier: Apache-2.0
// A host that stops its guest and lets it go again, over and over, without saving anything: what libcr does at a
// checkpoint, many times a second. CAIRN_TEST_FREEZE_MS: milliseconds between two stops; unset: none on its own.
// CAIRN_TEST_LOOK_UP: one of its threads has libc look up names all the time.
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "core/group/stop.hpp"
#include "core/host/host.hpp"
#include "core/state/extension.hpp"
#include "tests/process/guest/freezer.h"

namespace {

constexpr double kDeadlineSeconds = 20;

cairn_test_freezer freezer{};

// Those of the host's are not among the guest's, whatever libc has open for itself on another thread of the host.
void count_descriptors() {
  if (freezer.descriptors == 0) return;
  const std::vector<int> found = cairn::host::guest_fds();
  if (static_cast<int>(found.size()) != freezer.descriptors)
    throw cairn::TemporaryError("the guest seems to have " + std::to_string(found.size()) + " descriptors");
}

void look_up_names() {
  for (;;) {
    if (getpwnam("nobody of that name") != nullptr || getservbyname("nothing", "tcp") != nullptr) std::abort();
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) == 0) freeifaddrs(list);
  }
}

void freeze_once() {
  cairn_guest* guest = cairn::host::guest();
  if (guest == nullptr) return;
  try {
    cairn::group::Stop freeze(*guest);
    const cairn::Deadline deadline(freezer.deadline > 0 ? freezer.deadline : kDeadlineSeconds);
    freeze.run_callbacks(deadline);
    freeze.stop(deadline);
    count_descriptors();
    freeze.release(freezer.release_with);
    __atomic_add_fetch(&freezer.stops, 1, __ATOMIC_SEQ_CST);
  } catch (const cairn::Error& error) {
    std::strncpy(freezer.message, error.what(), sizeof freezer.message - 1);
    __atomic_add_fetch(&freezer.failures, 1, __ATOMIC_SEQ_CST);
  }
}

void freeze_for_ever(long milliseconds) {
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    freeze_once();
  }
}

void freeze_on_demand() {
  for (unsigned served = 0;; ++served) {
    while (__atomic_load_n(&freezer.wanted, __ATOMIC_ACQUIRE) == served)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    freeze_once();
    __atomic_store_n(&freezer.served, served + 1, __ATOMIC_RELEASE);
  }
}

// As a library may make them that thinks of no exec; for good.
void make_descriptors_plainly() {
  int pair[2];
  if (dup(0) < 0 || fcntl(0, F_DUPFD, 0) < 0 || open("/dev/null", O_RDONLY) < 0 || pipe(pair) < 0 ||
      eventfd(0, 0) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || epoll_create(1) < 0 ||
      memfd_create("plain", 0) < 0)
    std::abort();
}

class FreezingExtension : public cairn::host::Extension {
 public:
  const char* name() const noexcept override { return "freezing"; }
  void* service(const char* wanted, std::uint32_t) override {
    return std::strcmp(wanted, CAIRN_TEST_FREEZER) == 0 ? &freezer : nullptr;
  }
  void started() override {
    make_descriptors_plainly();
    std::thread(freeze_on_demand).detach();
    if (std::getenv("CAIRN_TEST_LOOK_UP") != nullptr) std::thread(look_up_names).detach();
    if (const char* period = std::getenv("CAIRN_TEST_FREEZE_MS"))
      std::thread(freeze_for_ever, std::atol(period)).detach();
  }
};

}  // namespace

int main(int argc, char** argv) {
  FreezingExtension extension;
  return cairn::host::run(argc, argv, extension);
}
