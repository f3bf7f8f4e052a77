// SPDX-License-Identifier: Apache-2.0
// Threads that libc has made by itself, and that block all signals but its own: one that waits for asynchronous input
// (aio_read), one of a list of requests that works already; and one of C's own threads.
#include <aio.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#include <atomic>

#include "tests/lib/subject.hpp"

namespace {

std::atomic<bool> is_done{false};

int count_naps(void* naps) {
  for (; !is_done; ++*static_cast<int*>(naps)) subject::nap();
  return 7;
}

aiocb request_of(int fd, char* buffer, std::size_t length, int what) {
  aiocb request{};
  request.aio_fildes = fd;
  request.aio_buf = buffer;
  request.aio_nbytes = length;
  request.aio_lio_opcode = what;
  return request;
}

ssize_t result_of(aiocb& request) {
  const aiocb* const list[] = {&request};
  while (aio_error(&request) == EINPROGRESS) aio_suspend(list, 1, nullptr);
  CHECK_EQUAL(aio_error(&request), 0);
  return aio_return(&request);
}

}  // namespace

int main(int, char** argv) {
  int ends[2], others[2];
  CHECK(pipe(ends) == 0 && pipe(others) == 0);
  char in[8] = "", listed[8] = "", out[] = "written";
  aiocb reading = request_of(ends[0], in, 3, LIO_READ), of_list = request_of(others[0], listed, 5, LIO_READ),
        writing = request_of(ends[1], out, 0, LIO_WRITE);
  CHECK(aio_read(&reading) == 0);
  aiocb* list[] = {&of_list, &writing};
  CHECK(lio_listio(LIO_NOWAIT, list, 2, nullptr) == 0);
  thrd_t thread;
  int naps = 0;
  CHECK(thrd_create(&thread, count_naps, &naps) == thrd_success);

  subject::stay_until_asked(argv[1], subject::nap);

  CHECK_EQUAL(aio_error(&reading), EINPROGRESS);
  CHECK(write(ends[1], "abc", 3) == 3 && write(others[1], "again", 5) == 5);
  CHECK(result_of(reading) == 3 && strcmp(in, "abc") == 0);
  CHECK(result_of(of_list) == 5 && strcmp(listed, "again") == 0);
  is_done = true;
  int result = 0;
  CHECK(thrd_join(thread, &result) == thrd_success && result == 7 && naps > 0);
  // And others can be asked for.
  aiocb more = request_of(ends[0], in, 2, LIO_READ);
  CHECK(aio_read(&more) == 0 && write(ends[1], "de", 2) == 2 && result_of(more) == 2 && memcmp(in, "dec", 3) == 0);
  return subject::verdict();
}
