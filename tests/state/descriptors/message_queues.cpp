// SPDX-License-Identifier: Apache-2.0
// cr_message_queues FLAG: POSIX message queues with messages of several priorities: open twice, for writing only,
// removed, that a child has as well, on which a thread waits.
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <string.h>
#include <sys/wait.h>

#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

const std::string name = "/cairn-queues-" + std::to_string(getpid());

mqd_t make(const std::string& called, int flags, long messages) {
  mq_attr attributes{};
  attributes.mq_maxmsg = messages;
  attributes.mq_msgsize = 100;
  const mqd_t queue = mq_open(called.c_str(), O_CREAT | O_EXCL | flags, 0640, &attributes);
  CHECK(queue >= 0);
  return queue;
}

void put(mqd_t queue, const std::string& text, unsigned priority) {
  CHECK(mq_send(queue, text.data(), text.size(), priority) == 0);
}

std::string take(mqd_t queue, unsigned* priority = nullptr) {
  char text[100];
  const ssize_t n = mq_receive(queue, text, sizeof text, priority);
  return n < 0 ? strerror(errno) : std::string(text, static_cast<std::size_t>(n));
}

long waiting(mqd_t queue) {
  mq_attr attributes{};
  CHECK(mq_getattr(queue, &attributes) == 0 && attributes.mq_msgsize == 100);
  return attributes.mq_curmsgs;
}

}  // namespace

int main(int, char** argv) {
  const mqd_t queue = make(name, O_RDWR, 5), again = mq_open(name.c_str(), O_RDONLY | O_NONBLOCK);
  const mqd_t removed = make(name + ".removed", O_WRONLY, 3), turns = make(name + ".turns", O_RDWR, 2);
  const mqd_t read_removed = mq_open((name + ".removed").c_str(), O_RDONLY);
  mq_unlink((name + ".removed").c_str());
  const mqd_t answers = make(name + ".answers", O_RDWR, 2);
  put(queue, "first", 1);
  put(queue, "second", 1);
  put(queue, "urgent", 7);
  put(queue, "", 0);
  put(removed, "of the removed one", 3);
  const pid_t child = fork();
  if (child == 0) {
    for (std::string text; (text = take(turns)) != "end";) put(answers, text + "!", 0);
    _exit(subject::failures);
  }
  std::thread waiter([&] { CHECK(take(answers) == "for the waiter!"); });
  int round = 0;
  subject::stay_until_asked(argv[1], subject::nap);

  put(turns, "for the waiter", 0);
  waiter.join();
  for (; round < 10; ++round) {
    put(turns, std::to_string(round), 0);
    CHECK(take(answers) == std::to_string(round) + "!");
  }
  put(turns, "end", 0);
  int status = -1;
  CHECK(waitpid(-1, &status, 0) > 0 && status == 0);
  unsigned priority = 0;
  CHECK_EQUAL(waiting(queue), 4);
  CHECK(take(again, &priority) == "urgent" && priority == 7);
  CHECK(take(queue, &priority) == "first" && priority == 1);
  CHECK(take(again) == "second" && take(again, &priority).empty() && priority == 0);
  CHECK(take(again) == strerror(EAGAIN));
  CHECK(take(read_removed) == "of the removed one");
  CHECK(take(removed) == strerror(EBADF));
  const mqd_t by_name = mq_open(name.c_str(), O_WRONLY);
  put(by_name, "by its name", 2);
  CHECK(take(queue) == "by its name");
  CHECK(mq_unlink(name.c_str()) == 0 && mq_unlink((name + ".turns").c_str()) == 0);
  CHECK(mq_unlink((name + ".answers").c_str()) == 0 && mq_open((name + ".removed").c_str(), O_RDONLY) < 0);
  return subject::verdict();
}
