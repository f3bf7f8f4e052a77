// SPDX-License-Identifier: Apache-2.0
// cr_system_v FLAG KEY ALONE|TREE: shared memory, semaphores and message queues of System V, with keys and without:
// attached once and twice, for reading only, in part, not at all, removed; what SEM_UNDO undoes. With TREE a child has
// all of it, too, and the two take turns. The numbers are in the file "numbers", for the driver to remove.
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include <string>

#include "tests/lib/subject.hpp"

namespace {

constexpr std::size_t kPage = 4096, kSize = 8 * kPage;

struct Message {
  long type;
  char text[64];
};

int value(int set, int number) { return semctl(set, number, GETVAL); }
bool operate(int set, int number, int by, int flags = 0) {
  sembuf operation{static_cast<unsigned short>(number), static_cast<short>(by), static_cast<short>(flags)};
  return semop(set, &operation, 1) == 0;
}

char* attach(int id, int flags = 0) {
  void* const at = shmat(id, nullptr, flags);
  CHECK(at != reinterpret_cast<void*>(-1));
  return static_cast<char*>(at);
}

int attached(int id) {
  shmid_ds segment{};
  return shmctl(id, IPC_STAT, &segment) == 0 ? static_cast<int>(segment.shm_nattch) : -1;
}

enum Semaphores { kFree, kHeld, kPing, kPong, kOfChild, kMutex, kSemaphores };

struct Objects {
  int keyed, own, removed, parted, apart, set, queue;
  char *first, *second, *reading, *of_own, *of_removed, *of_parted;

  explicit Objects(key_t key) {
    keyed = shmget(key, kSize, IPC_CREAT | 0640);
    own = shmget(IPC_PRIVATE, 3 * kPage + 100, 0600);
    removed = shmget(IPC_PRIVATE, kSize, 0600);
    parted = shmget(IPC_PRIVATE, kSize, 0600);
    apart = shmget(key + 1, 5000, IPC_CREAT | IPC_EXCL | 0600);
    set = semget(key, kSemaphores, IPC_CREAT | 0600);
    queue = msgget(key, IPC_CREAT | 0600);
    CHECK(keyed >= 0 && own >= 0 && removed >= 0 && parted >= 0 && apart >= 0 && set >= 0 && queue >= 0);
    tell();
    attach_all();
    fill();
  }
  void tell() const {
    FILE* file = fopen("numbers", "w");
    for (const int id : {keyed, own, removed, parted, apart}) fprintf(file, "-m %d\n", id);
    fprintf(file, "-s %d\n-q %d\n", set, queue);
    fclose(file);
  }
  void attach_all() {
    first = attach(keyed);
    second = attach(keyed);
    reading = attach(keyed, SHM_RDONLY);
    of_own = attach(own);
    of_removed = attach(removed);
    of_parted = attach(parted);
    CHECK(shmctl(removed, IPC_RMID, nullptr) == 0);
  }
  void fill() const {
    strcpy(first, "keyed");
    strcpy(first + 5 * kPage, "and its end");
    strcpy(of_own, "own");
    strcpy(of_removed + kPage, "removed");
    for (std::size_t page = 0; page < kSize / kPage; ++page) of_parted[page * kPage] = static_cast<char>('a' + page);
    CHECK(munmap(of_parted + 2 * kPage, 3 * kPage) == 0 && mprotect(of_parted + 6 * kPage, kPage, PROT_READ) == 0);
    char* const for_a_while = attach(apart);
    strcpy(for_a_while + 4096, "apart");
    CHECK(shmdt(for_a_while) == 0);
    unsigned short values[kSemaphores] = {7, 1, 0, 0, 1, 1};
    CHECK(semctl(set, 0, SETALL, values) == 0);
    CHECK(operate(set, kHeld, -1, SEM_UNDO) && operate(set, kFree, 3, SEM_UNDO) && operate(set, kFree, -3, SEM_UNDO));
    for (int i = 0; i < 5; ++i) {
      Message message{i % 2 + 1, {}};
      snprintf(message.text, sizeof message.text, "message %d", i);
      CHECK(msgsnd(queue, &message, strlen(message.text) + 1, 0) == 0);
    }
    Message empty{9, {}};
    CHECK(msgsnd(queue, &empty, 0, 0) == 0);
  }
  void change() const {
    ++first[kPage];
    CHECK(second[kPage] == first[kPage] && reading[kPage] == first[kPage]);
  }
  void check(key_t key, bool tree) const;
  void check_memory(key_t key, bool tree) const;
  void check_queue(key_t key) const;
};

void Objects::check_memory(key_t key, bool tree) const {
  const int users = tree ? 2 : 1;
  CHECK(strcmp(second, "keyed") == 0 && strcmp(reading + 5 * kPage, "and its end") == 0 && second[7 * kPage] == 0);
  CHECK(strcmp(of_own, "own") == 0 && strcmp(of_removed + kPage, "removed") == 0);
  CHECK(shmget(key, 0, 0) == keyed && shmget(key + 1, 0, 0) == apart);
  CHECK_EQUAL(attached(keyed), 3 * users);
  CHECK_EQUAL(attached(own), users);
  shmid_ds segment{};
  CHECK(shmctl(own, IPC_STAT, &segment) == 0 && segment.shm_segsz == 3 * kPage + 100);
  CHECK(shmctl(keyed, IPC_STAT, &segment) == 0 && (segment.shm_perm.mode & 0777) == 0640);
  CHECK(shmctl(removed, IPC_STAT, &segment) == 0 && (segment.shm_perm.mode & SHM_DEST) != 0);
  char* const whole = attach(parted);
  for (std::size_t page = 0; page < kSize / kPage; ++page) CHECK(whole[page * kPage] == static_cast<char>('a' + page));
  whole[7 * kPage] = 'z';
  CHECK(of_parted[7 * kPage] == 'z' && of_parted[6 * kPage] == 'g');
  CHECK(shmdt(whole) == 0 && shmdt(of_parted) == 0);
  char* const of_apart = attach(apart);
  CHECK(strcmp(of_apart + 4096, "apart") == 0 && of_apart[0] == 0);
  // For reading only is for reading only.
  const pid_t child = fork();
  if (child == 0) {
    const_cast<volatile char*>(reading)[0] = 1;
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
}

void Objects::check_queue(key_t key) const {
  Message message{};
  CHECK(msgget(key, 0) == queue);
  CHECK(msgrcv(queue, &message, sizeof message.text, 2, IPC_NOWAIT) == 10 && strcmp(message.text, "message 1") == 0);
  CHECK(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) == 10 && strcmp(message.text, "message 0") == 0);
  CHECK(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) == 10 && strcmp(message.text, "message 2") == 0);
  CHECK(msgrcv(queue, &message, sizeof message.text, 9, IPC_NOWAIT) == 0);
  CHECK(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) == 10 && strcmp(message.text, "message 3") == 0);
  CHECK(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) == 10 && strcmp(message.text, "message 4") == 0);
  CHECK(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) < 0 && errno == ENOMSG);
}

void Objects::check(key_t key, bool tree) const {
  check_memory(key, tree);
  check_queue(key);
  CHECK(semget(key, 0, 0) == set);
  CHECK_EQUAL(value(set, kFree), 7);
  CHECK_EQUAL(value(set, kHeld), 0);
}

// One of the two at a time.
void alone(const Objects& objects, char who) {
  CHECK(operate(objects.set, kMutex, -1, SEM_UNDO));
  objects.of_own[2000] = who;
  for (int i = 0; i < 20; ++i) CHECK(const_cast<volatile char&>(objects.of_own[2000]) == who);
  CHECK(operate(objects.set, kMutex, 1, SEM_UNDO));
}

// It ends with a semaphore that it has taken, which is given back for it.
int live_as_child(const Objects& objects) {
  CHECK(operate(objects.set, kOfChild, -1, SEM_UNDO));
  while (operate(objects.set, kPing, -1) && objects.of_own[1000] == 0) {
    alone(objects, 3);
    ++objects.first[2 * kPage];
    operate(objects.set, kPong, 1);
  }
  if (objects.of_own[1000] == 0)
    subject::fail(__FILE__, __LINE__, "the child could not wait: " + std::string(strerror(errno)));
  CHECK(strcmp(objects.of_own, "own") == 0 && strcmp(objects.of_removed + kPage, "removed") == 0);
  return subject::failures;
}

void take_turn(const Objects& objects) {
  const char before = objects.second[2 * kPage];
  operate(objects.set, kPing, 1);
  alone(objects, 4);
  operate(objects.set, kPong, -1);
  CHECK(objects.second[2 * kPage] == static_cast<char>(before + 1));
}

}  // namespace

int main(int, char** argv) {
  const auto key = static_cast<key_t>(strtol(argv[2], nullptr, 0));
  const Objects objects(key);
  const bool tree = strcmp(argv[3], "TREE") == 0;
  pid_t child = -1;
  if (tree && (child = fork()) == 0) _exit(live_as_child(objects));
  while (tree && value(objects.set, kOfChild) == 1) subject::nap();
  subject::stay_until_asked(argv[1], [&] {
    objects.change();
    if (tree) take_turn(objects);
  });

  objects.check(key, tree);
  if (tree) {
    CHECK_EQUAL(value(objects.set, kOfChild), 0);
    objects.of_own[1000] = 1;
    operate(objects.set, kPing, 1);
    int status = -1;
    CHECK(waitpid(-1, &status, 0) > 0 && status == 0);
    CHECK_EQUAL(value(objects.set, kOfChild), 1);
    CHECK_EQUAL(value(objects.set, kMutex), 1);
  }
  CHECK(shmdt(objects.of_removed) == 0 && attached(objects.removed) < 0);
  // Somebody sees what is undone at the end of the process that has taken it.
  const pid_t heir = fork();
  if (heir == 0) _exit(operate(objects.set, kHeld, 1, SEM_UNDO) && operate(objects.set, kHeld, -1) ? 0 : 1);
  int status = -1;
  CHECK(waitpid(heir, &status, 0) == heir && status == 0);
  for (const int id : {objects.keyed, objects.own, objects.parted, objects.apart}) shmctl(id, IPC_RMID, nullptr);
  CHECK(msgctl(objects.queue, IPC_RMID, nullptr) == 0);
  return subject::verdict();  // the set stays: the driver looks at what the end of this process undoes
}
