// SPDX-License-Identifier: Apache-2.0
// every_collective: files. A round opens one, of all ranks, calls its function, and closes it.
#include <stddef.h>
#include <stdio.h>

#include "calls.h"

static const MPI_Offset kWidth = sizeof(int);

static MPI_File opened_as(int n, const char* name, int mode) {
  MPI_File file;
  const MPI_Comm comm = n % 2 == 0 ? copy : MPI_COMM_WORLD;
  const int rc = MPI_File_open(comm, name, MPI_MODE_CREATE | MPI_MODE_RDWR | mode, MPI_INFO_NULL, &file);
  expect(rc == MPI_SUCCESS, "MPI_File_open");
  come_late();
  return file;
}

// Later rounds write to other files: what is there after a restart is still what the program has written.
static MPI_File opened(int n, const char* name) {
  enum { files = 4096 };
  char mine[64];
  snprintf(mine, sizeof mine, "%s.%d", name, n % files);
  return opened_as(n, mine, 0);
}

static void closed(MPI_File file) {
  come_late();
  expect(MPI_File_close(&file) == MPI_SUCCESS && file == MPI_FILE_NULL, "MPI_File_close");
}

static MPI_Offset place(void) { return kWidth * rank; }

// The number of this rank is in its place, or written there.
static void expect_written(MPI_File file, int n, const char* what) {
  int found = -1;
  MPI_File_read_at(file, place(), &found, 1, MPI_INT, MPI_STATUS_IGNORE);
  expect(found == number_of(n, rank), what);
}

static void write_mine(MPI_File file, int n) {
  const int mine = number_of(n, rank);
  MPI_File_write_at(file, place(), &mine, 1, MPI_INT, MPI_STATUS_IGNORE);
}

static void open_round(int n) { closed(opened(n, "opened")); }

static void close_round(int n) {
  MPI_File first = opened(n, "first"), second = opened(n + 1, "second");
  closed(first);
  closed(second);
}

static void set_size_round(int n) {
  MPI_File file = opened(n, "sized");
  MPI_Offset found = -1;
  MPI_File_set_size(file, 100 + n % 50);
  MPI_File_get_size(file, &found);
  expect(found == 100 + n % 50, "MPI_File_set_size");
  closed(file);
}

// A new file each time: in Open MPI 4.1 a rank that comes late and finds the file longer than it asks for leaves the
// call without the broadcast that the others end it with.
static void preallocate_round(int n) {
  MPI_File file = opened_as(n, "allocated", MPI_MODE_DELETE_ON_CLOSE);
  MPI_Offset found = -1;
  MPI_File_preallocate(file, 1000);
  MPI_File_get_size(file, &found);
  expect(found >= 1000, "MPI_File_preallocate");
  closed(file);
}

static void set_info_round(int n) {
  MPI_File file = opened(n, "hinted");
  MPI_Info info;
  MPI_Info_create(&info);
  MPI_Info_set(info, "access_style", "sequential");
  expect(MPI_File_set_info(file, info) == MPI_SUCCESS, "MPI_File_set_info");
  MPI_Info_free(&info);
  closed(file);
}

static void set_view_round(int n) {
  MPI_File file = opened(n, "viewed");
  const int mine = number_of(n, rank);
  int found = -1;
  MPI_File_set_view(file, place(), MPI_INT, MPI_INT, "native", MPI_INFO_NULL);
  MPI_File_write_at(file, 0, &mine, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_read_at(file, 0, &found, 1, MPI_INT, MPI_STATUS_IGNORE);
  expect(found == mine, "MPI_File_set_view");
  closed(file);
}

static void set_atomicity_round(int n) {
  MPI_File file = opened(n, "atomic");
  int found = -1;
  MPI_File_set_atomicity(file, n % 2);
  MPI_File_get_atomicity(file, &found);
  expect(found == n % 2, "MPI_File_set_atomicity");
  closed(file);
}

static void sync_round(int n) {
  MPI_File file = opened(n, "synced");
  write_mine(file, n);
  come_late();
  expect(MPI_File_sync(file) == MPI_SUCCESS, "MPI_File_sync");
  expect_written(file, n, "MPI_File_sync");
  closed(file);
}

static void seek_shared_round(int n) {
  MPI_File file = opened(n, "sought");
  MPI_Offset found = -1;
  MPI_File_seek_shared(file, 8 + n % 8, MPI_SEEK_SET);
  MPI_File_get_position_shared(file, &found);
  expect(found == 8 + n % 8, "MPI_File_seek_shared");
  closed(file);
}

// Calls that write the number of each rank in its place, and calls that read it. The pointers are at the beginning of
// the places, or at this one's.
typedef void (*Transfer)(MPI_File file, int* number);

static void write_round(int n, Transfer transfer, const char* what) {
  MPI_File file = opened(n, "written");
  int mine = number_of(n, rank);
  MPI_File_seek(file, place(), MPI_SEEK_SET);
  transfer(file, &mine);
  expect_written(file, n, what);
  closed(file);
}

static void read_round(int n, Transfer transfer, const char* what) {
  MPI_File file = opened(n, "read");
  int found = -1;
  write_mine(file, n);
  MPI_File_sync(file);
  MPI_File_seek(file, place(), MPI_SEEK_SET);
  transfer(file, &found);
  expect(found == number_of(n, rank), what);
  closed(file);
}

#define ROUND(kind, name) \
  static void name##_round(int n) { kind##_round(n, name, "MPI_File_" #name); }
#define BLOCKING(kind, name, ...)                                                \
  static void name(MPI_File file, int* number) {                                 \
    MPI_File_##name(file, ##__VA_ARGS__, number, 1, MPI_INT, MPI_STATUS_IGNORE); \
  }                                                                              \
  ROUND(kind, name)
#define SPLIT(kind, name, ...)                                        \
  static void name##_begin(MPI_File file, int* number) {              \
    MPI_File_##name##_begin(file, ##__VA_ARGS__, number, 1, MPI_INT); \
    come_late();                                                      \
    MPI_File_##name##_end(file, number, MPI_STATUS_IGNORE);           \
  }                                                                   \
  ROUND(kind, name##_begin)
#define NONBLOCKING(kind, name, ...)                                    \
  static void name(MPI_File file, int* number) {                        \
    MPI_Request request;                                                \
    MPI_File_##name(file, ##__VA_ARGS__, number, 1, MPI_INT, &request); \
    come_late();                                                        \
    MPI_Wait(&request, MPI_STATUS_IGNORE);                              \
  }                                                                     \
  ROUND(kind, name)
#define ORDERED(kind, name)                                       \
  static void name(MPI_File file, int* number) {                  \
    MPI_File_seek_shared(file, 0, MPI_SEEK_SET);                  \
    MPI_File_##name(file, number, 1, MPI_INT, MPI_STATUS_IGNORE); \
  }                                                               \
  ROUND(kind, name)                                               \
  static void name##_begin(MPI_File file, int* number) {          \
    MPI_File_seek_shared(file, 0, MPI_SEEK_SET);                  \
    MPI_File_##name##_begin(file, number, 1, MPI_INT);            \
    come_late();                                                  \
    MPI_File_##name##_end(file, number, MPI_STATUS_IGNORE);       \
  }                                                               \
  ROUND(kind, name##_begin)

BLOCKING(write, write_all)
BLOCKING(write, write_at_all, place())
BLOCKING(read, read_all)
BLOCKING(read, read_at_all, place())
SPLIT(write, write_all)
SPLIT(write, write_at_all, place())
SPLIT(read, read_all)
SPLIT(read, read_at_all, place())
NONBLOCKING(write, iwrite_all)
NONBLOCKING(write, iwrite_at_all, place())
NONBLOCKING(read, iread_all)
NONBLOCKING(read, iread_at_all, place())
ORDERED(write, write_ordered)
ORDERED(read, read_ordered)

const struct call file_calls[] = {
    {"MPI_File_open", open_round},
    {"MPI_File_close", close_round},
    {"MPI_File_set_size", set_size_round},
    {"MPI_File_preallocate", preallocate_round},
    {"MPI_File_set_info", set_info_round},
    {"MPI_File_set_view", set_view_round},
    {"MPI_File_set_atomicity", set_atomicity_round},
    {"MPI_File_sync", sync_round},
    {"MPI_File_seek_shared", seek_shared_round},
    {"MPI_File_write_all", write_all_round},
    {"MPI_File_write_at_all", write_at_all_round},
    {"MPI_File_read_all", read_all_round},
    {"MPI_File_read_at_all", read_at_all_round},
    {"MPI_File_write_all_begin", write_all_begin_round},
    {"MPI_File_write_at_all_begin", write_at_all_begin_round},
    {"MPI_File_read_all_begin", read_all_begin_round},
    {"MPI_File_read_at_all_begin", read_at_all_begin_round},
    {"MPI_File_iwrite_all", iwrite_all_round},
    {"MPI_File_iwrite_at_all", iwrite_at_all_round},
    {"MPI_File_iread_all", iread_all_round},
    {"MPI_File_iread_at_all", iread_at_all_round},
    {"MPI_File_write_ordered", write_ordered_round},
    {"MPI_File_read_ordered", read_ordered_round},
    {"MPI_File_write_ordered_begin", write_ordered_begin_round},
    {"MPI_File_read_ordered_begin", read_ordered_begin_round},
    {NULL, NULL},
};
