// SPDX-License-Identifier: Apache-2.0
// epoll(7): what is watched, of descriptors of this process. A registration is of an open file description under a
// number, which may have been closed or used for another one since.
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/group_scope.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

constexpr std::int32_t kMostNumber = 1 << 20;
constexpr std::uint32_t kWays = EPOLLONESHOT | EPOLLET | EPOLLWAKEUP | EPOLLEXCLUSIVE;
// Whatever a file may be ready for.
constexpr std::uint32_t kAny = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLERR | EPOLLHUP;

struct Watch {
  std::int32_t number = 0;
  std::uint32_t description = 0;  // index
  std::uint32_t events = 0;
  std::uint64_t data = 0;
  // It was EPOLLONESHOT, and has happened.
  bool disarmed() const { return (events & EPOLLONESHOT) != 0 && (events & ~kWays) == 0; }
  template <class Archive>
  void fields(Archive& a) {
    a(number, description, events, data);
  }
};

struct EpollDetail {
  std::vector<Watch> watches;
  template <class Archive>
  void fields(Archive& a) {
    a(watches);
  }
};

// As in sys/epoll.h's struct kcmp_epoll_slot: `nth` of those registered under one number.
bool is_watched(const OpenFile& file, int epoll, std::int32_t number, std::uint32_t nth) {
  kcmp_epoll_slot slot{static_cast<__u32>(epoll), static_cast<__u32>(number), nth};
  return raw_syscall(SYS_kcmp, getpid(), getpid(), KCMP_EPOLL_TFD, file.fd, address(&slot)) == 0;
}

// files().size() if the process has it no more. Mostly the number still is what it was.
std::size_t find_watched(const OpenFiles& all, const OpenFile& epoll, std::int32_t number, std::uint32_t nth) {
  const auto& files = all.files();
  const auto same_number = std::find_if(files.begin(), files.end(), [=](const auto& f) { return f.fd == number; });
  if (same_number != files.end() && is_watched(*same_number, epoll.fd, number, nth))
    return static_cast<std::size_t>(same_number - files.begin());
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (is_watched(files[i], epoll.fd, number, nth)) return i;
  }
  return files.size();
}

// What has happened once can only be made to happen again by what is ready for something.
void check_disarmed(const OpenFile& file, const OpenFile& epoll) {
  pollfd look{file.fd, POLLIN | POLLOUT, 0};
  const bool refilled_early =
      S_ISFIFO(file.status.st_mode) || S_ISSOCK(file.status.st_mode) || file.path == "anon_inode:[eventfd]";
  if (refilled_early && poll(&look, 1, 0) == 1) return;
  throw TemporaryError("epoll" + at(epoll) + " has descriptor " + std::to_string(file.fd) +
                       " disarmed (EPOLLONESHOT) while it is ready for nothing, which cannot be saved yet");
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& all) {
  EpollDetail detail;
  std::map<std::int32_t, std::uint32_t> met;  // how often each number has been there
  for (std::string_view line : split_lines(file.info)) {
    Watch watch;
    unsigned long long data = 0;
    if (std::sscanf(std::string(line).c_str(), "tfd: %d events: %x data: %llx", &watch.number, &watch.events, &data) !=
        3)
      continue;
    watch.data = data;
    const std::size_t watched = find_watched(all, file, watch.number, met[watch.number]++);
    if (watched == all.files().size() && sharing_is_open()) continue;  // who saves it may have what is watched
    if (watched == all.files().size()) {
      throw TemporaryError("epoll" + at(file) + " watches what was descriptor " + std::to_string(watch.number) +
                           " and is open in another process only, which cannot be saved yet");
    }
    watch.description = all.description_of(watched);
    if (watch.disarmed()) check_disarmed(all.files()[watched], file);
    detail.watches.push_back(watch);
  }
  return encode(detail);
}

void check(const Description& description) {
  for (const Watch& watch : detail_of<EpollDetail>(description).watches) {
    if (watch.number < 0 || watch.number >= kMostNumber)
      throw PermanentError("an epoll watches descriptor " + std::to_string(watch.number));
  }
}

UniqueFd reopen(const Description& /*description*/) {
  UniqueFd fd(epoll_create1(EPOLL_CLOEXEC));
  if (!fd) throw EnvironmentError(with_errno("epoll", errno));
  return fd;
}

[[noreturn]] void fail(const Watch& watch, int error) {
  throw EnvironmentError(with_errno("epoll cannot watch descriptor " + std::to_string(watch.number) + " again", error));
}

// A description stands at a number. What stands there already, at its place, is out of the way meanwhile.
class AtNumber {
 public:
  AtNumber(int description, const Watch& watch) : number_(watch.number), stands_there_(description == number_) {
    if (stands_there_) return;
    aside_.reset(fcntl(number_, F_DUPFD_CLOEXEC, 0));
    if (!aside_ && errno != EBADF) fail(watch, errno);
    const long there = raw_syscall(SYS_dup3, description, number_, O_CLOEXEC);
    if (is_error(there)) fail(watch, static_cast<int>(-there));
  }
  ~AtNumber() {
    if (stands_there_) return;
    if (aside_)
      raw_syscall(SYS_dup3, aside_.get(), number_, O_CLOEXEC);
    else
      raw_syscall(SYS_close, number_);
  }
  AtNumber(const AtNumber&) = delete;
  AtNumber& operator=(const AtNumber&) = delete;

 private:
  int number_;
  bool stands_there_;
  UniqueFd aside_;
};

// Under its number, which is taken for a moment; what belongs there comes later.
void add(int epoll, const Watch& watch, const OpenedFiles& all) {
  if (watch.description >= all.opened.size() || host::is_host_fd(watch.number)) fail(watch, EBADF);
  epoll_event event{};
  event.events = watch.disarmed() ? watch.events | kAny : watch.events;
  event.data.u64 = watch.data;
  const AtNumber there(all.opened[watch.description].get(), watch);
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, watch.number, &event) != 0) fail(watch, errno);
}

// Those that are disarmed come first: nothing else can happen then.
void connect(int place, const Description& description, const OpenedFiles& all) {
  const auto detail = detail_of<EpollDetail>(description);
  const UniqueFd copy(fcntl(place, F_DUPFD_CLOEXEC, 0));  // since what is watched may have been at its place
  if (!copy) throw EnvironmentError(with_errno("epoll", errno));
  const int fd = copy.get();
  for (const Watch& watch : detail.watches) {
    if (!watch.disarmed()) continue;
    add(fd, watch, all);
    epoll_event event{};
    if (epoll_wait(fd, &event, 1, 0) != 1) fail(watch, EAGAIN);
  }
  for (const Watch& watch : detail.watches) {
    if (!watch.disarmed()) add(fd, watch, all);
  }
}

}  // namespace

extern const DescriptorKind epoll_descriptor;
const DescriptorKind epoll_descriptor = {
    .number = 7,
    .name = "epoll",
    .inheritable = false,
    .recognise = [](const OpenFile& file) { return file.path == "anon_inode:[eventpoll]"; },
    .describe = describe,
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation =
        {"epoll", "what is watched, under which number, events and data; nested ones",
         "an edge (EPOLLET) may be told once more; EPOLLONESHOT that has happened is kept for pipes, sockets "
         "and eventfds that are ready for something, else refused",
         "tests/state/descriptors/epoll.cpp"},
    .connect = connect,
};

}  // namespace cairn::state
