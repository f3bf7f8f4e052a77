// SPDX-License-Identifier: Apache-2.0
// cr_left_behind FLAG ALONE|TREE: all that a restart makes that would outlast it: System V objects, one of them to
// vanish with its last user, a POSIX message queue, the name of a socket; and a locked file, at which the driver lets
// restarts fail. With TREE a child has all of it, too.
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/lib/subject.hpp"

namespace {

char* attached(int memory) {
  auto* const at = static_cast<char*>(shmat(memory, nullptr, 0));
  CHECK(at != reinterpret_cast<void*>(-1));
  return at;
}

int listening() {
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, "socket");
  CHECK(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(listener, 1) == 0);
  return listener;
}

void lock_file() {
  const int file = open("locked", O_RDWR | O_CREAT, 0666);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  CHECK(file >= 0 && fcntl(file, F_SETLK, &whole) == 0);
}

}  // namespace

int main(int, char** argv) {
  const struct {
    long type;
    char text[8];
  } message = {1, "one"};
  const int memory = shmget(IPC_PRIVATE, 4096, 0600), removed = shmget(IPC_PRIVATE, 4096, 0600);
  const int set = semget(IPC_PRIVATE, 1, 0600), queue = msgget(IPC_PRIVATE, 0600);
  char* const at = attached(memory);
  char* const at_removed = attached(removed);
  CHECK(shmctl(removed, IPC_RMID, nullptr) == 0);
  strcpy(at, "memory");
  strcpy(at_removed, "removed");
  CHECK(semctl(set, 0, SETVAL, 3) == 0 && msgsnd(queue, &message, 3, 0) == 0);
  const mqd_t named = mq_open("/cairn-left-behind", O_CREAT | O_RDWR | O_NONBLOCK, 0600, nullptr);
  CHECK(named >= 0 && mq_send(named, "two", 3, 1) == 0);
  const int listener = listening();
  pid_t child = -1;
  const int before = open("locked", O_RDWR | O_CREAT, 0666);
  close(before);
  if (strcmp(argv[2], "TREE") == 0 && (child = fork()) == 0) {
    while (access(argv[1], F_OK) != 0) subject::nap();
    _exit(strcmp(at, "memory") == 0 && semctl(set, 0, GETVAL) == 3 ? 0 : 1);
  }
  lock_file();
  subject::stay_until_asked(argv[1], subject::nap);
  int status = -1;
  if (child > 0) CHECK(waitpid(-1, &status, 0) > 0 && status == 0);
  CHECK(strcmp(at, "memory") == 0 && strcmp(at_removed, "removed") == 0 && semctl(set, 0, GETVAL) == 3);
  char text[16384] = {};
  CHECK(msgrcv(queue, text, 8, 0, IPC_NOWAIT) == 3);
  CHECK(mq_receive(named, text, sizeof text, nullptr) == 3 && strcmp(text, "two") == 0);
  sockaddr_un address{};
  socklen_t length = sizeof address;
  CHECK(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  CHECK(access("socket", F_OK) == 0 && strcmp(address.sun_path, "socket") == 0);
  CHECK(mq_unlink("/cairn-left-behind") == 0 && semctl(set, 0, IPC_RMID) == 0);
  CHECK(shmctl(memory, IPC_RMID, nullptr) == 0 && msgctl(queue, IPC_RMID, nullptr) == 0);
  return subject::verdict();
}
