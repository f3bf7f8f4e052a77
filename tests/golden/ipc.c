/* SPDX-License-Identifier: Apache-2.0 */
/* The program in the golden files with System V objects, a POSIX message queue, and locks on files. It needs nothing
 * but the file "data" in its directory, ends by itself, leaves nothing, and says PASS and its answer, or FAIL and what
 * was not as it was left.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

enum { STEPS = 100, PAUSE_US = 50000, ENTRIES = STEPS };

struct message {
  long type;
  char text[16];
};

static int memory, removed, apart, set, queue, data;
static mqd_t named;
static uint64_t *shared;
static char *kept;

static uint64_t next(uint64_t value, unsigned step) {
  return value * 6364136223846793005u + 1442695040888963407u + step;
}

static void check(int good, const char *what) {
  if (good) return;
  printf("FAIL: %s\n", what);
  exit(1);
}

static void put_apart(void) {
  char *const at = shmat(apart, NULL, 0);
  check(at != (char *)-1, "memory that is attached for a while");
  strcpy(at, "apart");
  shmdt(at);
}

static void set_up(void) {
  const struct message first = {7, "first"}, second = {8, "second"};
  const struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 32};
  const struct flock part = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3};
  struct sembuf take = {1, -2, SEM_UNDO};
  memory = shmget(0x60de1, ENTRIES * sizeof(uint64_t), IPC_CREAT | IPC_EXCL | 0640);
  removed = shmget(IPC_PRIVATE, 4096, 0600);
  apart = shmget(IPC_PRIVATE, 4096, 0600);
  set = semget(IPC_PRIVATE, 3, 0600);
  queue = msgget(IPC_PRIVATE, 0600);
  check(memory >= 0 && removed >= 0 && apart >= 0 && set >= 0 && queue >= 0, "System V objects");
  shared = shmat(memory, NULL, 0);
  kept = shmat(removed, NULL, 0);
  check(shared != (void *)-1 && kept != (void *)-1 && shmctl(removed, IPC_RMID, NULL) == 0, "attaching");
  strcpy(kept, "kept");
  put_apart();
  check(semctl(set, 0, SETVAL, 4) == 0 && semctl(set, 1, SETVAL, 5) == 0 && semop(set, &take, 1) == 0, "semaphores");
  check(msgsnd(queue, &first, 6, 0) == 0 && msgsnd(queue, &second, 7, 0) == 0, "messages");
  named = mq_open("/cairn-golden-ipc", O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &attributes);
  check(named >= 0 && mq_send(named, "low", 4, 1) == 0 && mq_send(named, "high", 5, 9) == 0, "a message queue");
  data = open("data", O_RDWR);
  check(data >= 0 && fcntl(data, F_SETLK, &part) == 0 && flock(data, LOCK_SH) == 0, "locks");
}

static void check_system_v(void) {
  struct message message;
  struct shmid_ds segment;
  check(shmget(0x60de1, 0, 0) == memory, "the key of the memory");
  check(shmctl(memory, IPC_STAT, &segment) == 0 && (segment.shm_perm.mode & 0777) == 0640, "rights of the memory");
  check(strcmp(kept, "kept") == 0, "memory that is removed");
  char *const at = shmat(apart, NULL, SHM_RDONLY);
  check(at != (char *)-1 && strcmp(at, "apart") == 0, "memory that is attached for a while");
  check(semctl(set, 0, GETVAL) == 4 && semctl(set, 1, GETVAL) == 3 && semctl(set, 2, GETVAL) == 0, "semaphores");
  check(msgrcv(queue, &message, sizeof message.text, 8, IPC_NOWAIT) == 7 && !strcmp(message.text, "second"),
        "messages");
  check(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) == 6 && !strcmp(message.text, "first"), "messages");
  check(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) < 0, "too many messages");
  /* What is undone at an end is seen by who is there after it: driven by the tests of today. */
  check(shmctl(memory, IPC_RMID, NULL) == 0 && shmctl(apart, IPC_RMID, NULL) == 0, "removing");
  check(semctl(set, 0, IPC_RMID) == 0 && msgctl(queue, IPC_RMID, NULL) == 0, "removing");
}

static void check_named(void) {
  char text[32];
  unsigned priority;
  struct mq_attr attributes;
  check(mq_getattr(named, &attributes) == 0 && attributes.mq_maxmsg == 4 && attributes.mq_curmsgs == 2, "the queue");
  check(mq_receive(named, text, sizeof text, &priority) == 5 && priority == 9 && !strcmp(text, "high"), "its first");
  check(mq_receive(named, text, sizeof text, &priority) == 4 && priority == 1 && !strcmp(text, "low"), "its second");
  check(mq_unlink("/cairn-golden-ipc") == 0, "its name");
}

/* Nobody tells a process of its own locks but this file. */
static void check_locks(void) {
  char line[128];
  int whole = 0, part = 0;
  FILE *const locks = fopen("/proc/locks", "r");
  while (locks != NULL && fgets(line, sizeof line, locks) != NULL) {
    int pid = 0;
    long start = -1, end = -1;
    if (sscanf(line, "%*s FLOCK ADVISORY READ %d", &pid) == 1 && pid == getpid()) ++whole;
    if (sscanf(line, "%*s POSIX ADVISORY WRITE %d %*s %ld %ld", &pid, &start, &end) == 3 && pid == getpid() &&
        start == 2 && end == 4)
      ++part;
  }
  check(whole == 1 && part == 1, "locks");
}

int main(void) {
  uint64_t mine = 1;
  set_up();
  for (unsigned step = 0; step < STEPS; ++step) {
    mine = next(mine, step);
    shared[step] = mine;
    printf("step %u\n", step);
    fflush(stdout);
    usleep(PAUSE_US);
  }
  for (unsigned i = 0; i < STEPS; ++i) mine = next(mine ^ shared[i], i);
  check_locks();
  check_system_v();
  check_named();
  printf("PASS %016llx\n", (unsigned long long)mine);
  return 0;
}
