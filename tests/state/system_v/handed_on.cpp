// SPDX-License-Identifier: Apache-2.0
// cr_system_v_handed_on FLAG KEY: a restarted program whose System V objects have other numbers than it knows tells
// those to programs that it executes: at once, or what is checkpointed once more before it uses them. Also to copies of
// itself, and to a shell's commands. A new object whose number is one that the program knows as another's is told by
// another. With "PROGRAM check|later FLAG MEMORY SET QUEUE" it is such a program.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include <string>

#include "tests/lib/subject.hpp"

namespace {

struct Message {
  long type;
  char text[8];
};

struct Objects {
  int memory, set, queue;

  // Each time another turn.
  void check() const {
    auto* const at = static_cast<char*>(shmat(memory, nullptr, 0));
    CHECK(at != reinterpret_cast<void*>(-1));
    if (at != reinterpret_cast<void*>(-1)) CHECK(strcmp(at, "memory") == 0 && shmdt(at) == 0);
    sembuf operations[] = {{1, -7, IPC_NOWAIT}, {1, 7, IPC_NOWAIT}};
    CHECK(semop(set, operations, 2) == 0);
    Message message{};
    CHECK(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) == 4 && strcmp(message.text, "one") == 0);
    CHECK(msgsnd(queue, &message, 4, 0) == 0);
  }
};

std::string words_of(const Objects& objects) {
  return std::to_string(objects.memory) + " " + std::to_string(objects.set) + " " + std::to_string(objects.queue);
}

int be_executed(char** argv) {
  const Objects objects{atoi(argv[3]), atoi(argv[4]), atoi(argv[5])};
  if (strcmp(argv[1], "later") == 0) {
    close(open("later-is-there", O_CREAT | O_WRONLY, 0600));
    while (access(argv[2], F_OK) != 0) subject::nap();
  }
  objects.check();
  return subject::failures;
}

pid_t start(const char* program, const char* how, const char* flag, const Objects& objects) {
  std::string words[] = {std::to_string(objects.memory), std::to_string(objects.set), std::to_string(objects.queue)};
  const pid_t child = fork();
  if (child != 0) return child;
  execl(program, program, how, flag, words[0].c_str(), words[1].c_str(), words[2].c_str(), nullptr);
  _exit(99);
}

void must_end_well(pid_t child) {
  int status = -1;
  CHECK(child > 0 && waitpid(-1, &status, 0) > 0 && status == 0);
}

void spawn(const char* program, const char* flag, const Objects& objects) {
  std::string words[] = {program,
                         "check",
                         flag,
                         std::to_string(objects.memory),
                         std::to_string(objects.set),
                         std::to_string(objects.queue)};
  char* argv[7] = {};
  for (int i = 0; i < 6; ++i) argv[i] = words[i].data();
  pid_t child = -1;
  CHECK(posix_spawn(&child, program, nullptr, nullptr, argv, environ) == 0);
  must_end_well(child);
}

// Its number is the set's, for the kernel (the driver sees to that).
void make_another(const Objects& objects) {
  const int other = semget(IPC_PRIVATE, 3, 0600);
  CHECK(other >= 0 && other != objects.set);
  semid_ds status{};
  CHECK(semctl(other, 0, IPC_STAT, &status) == 0 && status.sem_nsems == 3);
  CHECK(semctl(objects.set, 0, IPC_STAT, &status) == 0 && status.sem_nsems == 2);
  CHECK(semctl(other, 0, IPC_RMID) == 0);
  objects.check();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 3) return be_executed(argv);
  const auto key = static_cast<key_t>(strtol(argv[2], nullptr, 0));
  const Objects objects{shmget(key, 4096, IPC_CREAT | 0600), semget(key, 2, IPC_CREAT | 0600),
                        msgget(key, IPC_CREAT | 0600)};
  FILE* file = fopen("numbers", "w");
  fprintf(file, "%s\n", words_of(objects).c_str());
  fclose(file);
  auto* const at = static_cast<char*>(shmat(objects.memory, nullptr, 0));
  CHECK(at != reinterpret_cast<void*>(-1));
  strcpy(at, "memory");
  CHECK(shmdt(at) == 0 && semctl(objects.set, 1, SETVAL, 7) == 0);
  const Message message{1, "one"};
  CHECK(msgsnd(objects.queue, &message, 4, 0) == 0);
  pid_t later = -1;
  subject::stay_until_asked(argv[1], [&] {
    subject::nap();
    if (later < 0 && access("begin-later", F_OK) == 0) later = start(argv[0], "later", argv[1], objects);
  });
  objects.check();
  must_end_well(later);
  const pid_t copy = fork();
  if (copy == 0) {
    objects.check();
    _exit(subject::failures);
  }
  must_end_well(copy);
  must_end_well(start(argv[0], "check", argv[1], objects));
  spawn(argv[0], argv[1], objects);
  const std::string command = std::string(argv[0]) + " check " + argv[1] + " " + words_of(objects);
  CHECK(system(command.c_str()) == 0);
  make_another(objects);
  CHECK(shmctl(objects.memory, IPC_RMID, nullptr) == 0 && semctl(objects.set, 0, IPC_RMID) == 0);
  CHECK(msgctl(objects.queue, IPC_RMID, nullptr) == 0);
  return subject::verdict();
}
