// SPDX-License-Identifier: Apache-2.0
// inotify: files and directories that are watched, some by links, numbers with gaps, a thread that waits for an event.
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>

#include <cstring>
#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

// "3:4:name", or why there is none.
std::string next(int fd) {
  alignas(inotify_event) char room[4096];
  const ssize_t n = read(fd, room, sizeof room);
  if (n < 0) return "errno " + std::to_string(errno);
  const auto* event = reinterpret_cast<const inotify_event*>(room);
  return std::to_string(event->wd) + ":" + std::to_string(event->mask) + ":" + (event->len > 0 ? event->name : "");
}

void touch(const std::string& path, const char* text = "") {
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644);
  CHECK(fd >= 0 && write(fd, text, strlen(text)) == static_cast<ssize_t>(strlen(text)) && close(fd) == 0);
}

std::string event(int number, unsigned mask, const std::string& name = "") {
  return std::to_string(number) + ":" + std::to_string(mask) + ":" + name;
}

// Also after a restart: what was made meanwhile may still be there.
std::string fresh_name() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::to_string(now.tv_sec) + "." + std::to_string(now.tv_nsec);
}

}  // namespace

int main(int, char** argv) {
  CHECK(mkdir("watched", 0755) == 0);
  touch("watched file");
  CHECK(symlink("watched file", "link") == 0);
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), waited = inotify_init1(0);
  const int file = inotify_add_watch(fd, "watched file", IN_MODIFY | IN_ATTRIB);
  int gap = 0;
  for (int i = 0; i < 3; ++i) {
    gap = inotify_add_watch(fd, "/", IN_DELETE_SELF);
    CHECK(inotify_rm_watch(fd, gap) == 0 && next(fd) == event(gap, IN_IGNORED));
  }
  const int directory = inotify_add_watch(fd, "watched", IN_CREATE | IN_DELETE | IN_ONLYDIR | IN_EXCL_UNLINK);
  const int link = inotify_add_watch(fd, "link", IN_ATTRIB | IN_MOVE_SELF | IN_DONT_FOLLOW);
  CHECK(directory == gap + 1 && link == gap + 2);
  const int awaited = inotify_add_watch(waited, "watched", IN_MOVED_TO);
  std::string came;
  std::thread waiter([&] { came = next(waited); });
  subject::stay_until_asked(argv[1], [&] {
    const std::string name = fresh_name(), path = "watched/" + name;
    CHECK(mkdir(path.c_str(), 0755) == 0 && next(fd) == event(directory, IN_CREATE | IN_ISDIR, name));
    // It may be gone: the disk is as it was when the program was killed, not as it was at the checkpoint.
    if (rmdir(path.c_str()) == 0) CHECK(next(fd) == event(directory, IN_DELETE | IN_ISDIR, name));
    usleep(20000);
  });

  CHECK(came.empty());
  CHECK(rename("link", "watched/link") == 0);
  waiter.join();
  CHECK(came == event(awaited, IN_MOVED_TO, "link"));
  CHECK(next(fd) == event(link, IN_MOVE_SELF));
  touch("watched file", "more");
  CHECK(next(fd) == event(file, IN_MODIFY));
  CHECK(inotify_rm_watch(fd, file) == 0 && next(fd) == event(file, IN_IGNORED));
  touch("watched file", "more");
  CHECK(next(fd) == "errno " + std::to_string(EAGAIN));
  CHECK(inotify_add_watch(fd, "watched file", IN_MODIFY) == link + 1);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  return subject::verdict();
}
