/* SPDX-License-Identifier: Apache-2.0 */
/* Open files of several kinds, each used a little in every round, with something left half done from one round to the
 * next: pointers, views, split collectives, operations that do not wait. files: two rounds, and what the library
 * answers (say.h). files FILE [alone]: rounds until FILE exists; with alone without collective operations that do not
 * wait. Everything written is read back and compared. */
#include "say.h"

static int rank, size;

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      printf("files: rank %d: %s fails (line %d)\n", rank, #condition, __LINE__); \
      fflush(stdout);                                                             \
      MPI_Abort(MPI_COMM_WORLD, 1);                                               \
    }                                                                             \
  } while (0)

enum { kBlock = 4, kMode = MPI_MODE_CREATE | MPI_MODE_RDWR };

static int number(int round, int of, int i) { return round * 10000 + of * 100 + i; }

static void fill(int *block, int round) {
  for (int i = 0; i < kBlock; i++) block[i] = number(round, rank, i);
}
static int is_block(const int *block, int round, int of) {
  for (int i = 0; i < kBlock; i++)
    if (block[i] != number(round, of, i)) return 0;
  return 1;
}
static int elements(MPI_Status *status) {
  int count = -1;
  MPI_Get_count(status, MPI_INT, &count);
  return count;
}

/* Every rank has the blocks number rank, rank + size, ... of the file: a view whose datatypes are freed. */
static MPI_File strided(const char *name, MPI_Info info) {
  MPI_File file;
  MPI_Datatype block, filetype;
  MPI_File_open(MPI_COMM_WORLD, name, kMode, info, &file);
  MPI_Type_contiguous(kBlock, MPI_INT, &block);
  MPI_Type_create_resized(block, 0, (MPI_Aint)sizeof(int) * kBlock * size, &filetype);
  MPI_Type_commit(&filetype);
  MPI_File_set_view(file, (MPI_Offset)(rank * kBlock * sizeof(int)), MPI_INT, filetype, "native", MPI_INFO_NULL);
  MPI_Type_free(&filetype);
  MPI_Type_free(&block);
  return file;
}

static void check_view(MPI_File file) {
  MPI_Offset displacement;
  MPI_Datatype types[2];
  MPI_Aint lower, extent;
  char representation[MPI_MAX_DATAREP_STRING];
  MPI_File_get_view(file, &displacement, &types[0], &types[1], representation);
  MPI_Type_get_extent(types[1], &lower, &extent);
  CHECK(displacement == (MPI_Offset)(rank * kBlock * sizeof(int)) && strcmp(representation, "native") == 0);
  CHECK(extent == (MPI_Aint)sizeof(int) * kBlock * size);
  int a, b, c, combiner;
  for (int i = 0; i < 2; i++) {
    MPI_Type_get_envelope(types[i], &a, &b, &c, &combiner);
    if (combiner != MPI_COMBINER_NAMED) MPI_Type_free(&types[i]);
  }
}

/* The individual pointer: written in every round, position counted. */
static MPI_File individual;
static void individual_round(int round) {
  int block[kBlock], back[kBlock] = {0};
  MPI_Offset position;
  MPI_Status status;
  check_view(individual);
  MPI_File_get_position(individual, &position);
  CHECK(position == (MPI_Offset)round * kBlock);
  fill(block, round);
  if (round % 2 == 0)
    MPI_File_write(individual, block, kBlock, MPI_INT, &status);
  else
    MPI_File_write_all(individual, block, kBlock, MPI_INT, &status);
  CHECK(elements(&status) == kBlock);
  MPI_File_read_at(individual, position, back, kBlock, MPI_INT, &status);
  CHECK(elements(&status) == kBlock && is_block(back, round, rank));
  MPI_File_read_at(individual, 0, back, kBlock, MPI_INT, &status);
  CHECK(is_block(back, 0, rank));
}

/* The shared pointer: every rank adds a block in every round, in turn or as it comes. */
static MPI_File shared;
static void shared_round(int round) {
  int block[kBlock], *all = malloc(sizeof block * (size_t)size), *seen = calloc((size_t)size, sizeof *seen);
  MPI_Offset position;
  MPI_File_get_position_shared(shared, &position);
  CHECK(position == (MPI_Offset)round * size * kBlock);
  MPI_Barrier(MPI_COMM_WORLD);
  fill(block, round);
  if (round % 2 == 0)
    MPI_File_write_shared(shared, block, kBlock, MPI_INT, MPI_STATUS_IGNORE);
  else
    MPI_File_write_ordered(shared, block, kBlock, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_sync(shared);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_read_at(shared, position, all, size * kBlock, MPI_INT, MPI_STATUS_IGNORE);
  for (int i = 0; i < size; i++) {
    const int of = all[i * kBlock] / 100 % 100;
    CHECK(of < size && is_block(all + i * kBlock, round, of) && !seen[of]);
    CHECK(round % 2 == 0 || of == i);
    seen[of] = 1;
  }
  free(all);
  free(seen);
}

/* Split collectives, begun in one round and ended in the next. */
static MPI_File split;
static int split_out[kBlock], split_in[kBlock];
static void split_round(int round) {
  MPI_Status status;
  if (round > 0 && round % 2 == 1) {
    MPI_File_write_at_all_end(split, split_out, &status);
    CHECK(elements(&status) == kBlock);
    MPI_File_read_at_all_begin(split, (MPI_Offset)(round - 1) * kBlock, split_in, kBlock, MPI_INT);
    return;
  }
  if (round > 0) {
    MPI_File_read_at_all_end(split, split_in, &status);
    CHECK(elements(&status) == kBlock && is_block(split_in, round - 2, rank));
  }
  fill(split_out, round);
  MPI_File_write_at_all_begin(split, (MPI_Offset)round * kBlock, split_out, kBlock, MPI_INT);
}
static void split_ends(int rounds) {
  if (rounds % 2 == 1)
    MPI_File_write_at_all_end(split, split_out, MPI_STATUS_IGNORE);
  else
    MPI_File_read_at_all_end(split, split_in, MPI_STATUS_IGNORE);
}

/* Operations that do not wait: begun in one round, complete in the next. */
static MPI_File pending;
static int together = 1; /* collective ones too: romio's crash */
static MPI_Request requests[4];
static int out[2][kBlock], in[2][kBlock];
static void pending_round(int round) {
  const MPI_Offset at = (MPI_Offset)round * 2 * kBlock;
  MPI_Status statuses[4];
  if (round > 0) {
    MPI_Waitall(4, requests, statuses);
    CHECK(elements(&statuses[0]) == kBlock && elements(&statuses[1]) == kBlock);
    CHECK(round < 2 || (is_block(in[0], round - 2, rank) && is_block(in[1], round - 2, rank)));
  }
  fill(out[0], round);
  fill(out[1], round);
  MPI_File_iwrite_at(pending, at, out[0], kBlock, MPI_INT, &requests[0]);
  MPI_File_seek(pending, at + kBlock, MPI_SEEK_SET);
  (together ? MPI_File_iwrite_all : MPI_File_iwrite)(pending, out[1], kBlock, MPI_INT, &requests[1]);
  MPI_Offset behind;
  MPI_File_get_position(pending, &behind);
  CHECK(behind == at + 2 * kBlock);
  if (round == 0) {
    requests[2] = requests[3] = MPI_REQUEST_NULL;
    return;
  }
  (together ? MPI_File_iread_at_all : MPI_File_iread_at)(pending, at - 2 * kBlock, in[0], kBlock, MPI_INT,
                                                         &requests[2]);
  MPI_File_seek(pending, at - kBlock, MPI_SEEK_SET);
  (together ? MPI_File_iread_all : MPI_File_iread)(pending, in[1], kBlock, MPI_INT, &requests[3]);
}

/* One for each rank alone, one for half of them, in atomic mode, and one that goes when it is closed. */
static MPI_File mine, halves;
static MPI_Comm half;
static void own_round(int round) {
  int block[kBlock], back[kBlock] = {0}, atomicity = 0, amode = 0, half_rank, half_size;
  MPI_Offset bytes;
  MPI_Comm_rank(half, &half_rank);
  MPI_Comm_size(half, &half_size);
  const MPI_Offset at = (MPI_Offset)((round * half_size + half_rank) * (int)sizeof block);
  fill(block, round);
  MPI_File_write(mine, block, kBlock, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_get_size(mine, &bytes);
  CHECK(bytes == (MPI_Offset)(sizeof block * (size_t)(round + 1)));
  MPI_File_get_amode(mine, &amode);
  CHECK(amode == (kMode | MPI_MODE_DELETE_ON_CLOSE));
  MPI_File_get_atomicity(halves, &atomicity);
  CHECK(atomicity == 1);
  MPI_File_write_at_all(halves, at, block, kBlock, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_read_at_all(halves, at, back, kBlock, MPI_INT, MPI_STATUS_IGNORE);
  CHECK(is_block(back, round, rank));
}

static void open_all(void) {
  char name[64];
  MPI_Info info;
  MPI_Info_create(&info);
  MPI_Info_set(info, "collective_buffering", "true");
  individual = strided("individual", info);
  split = strided("split", MPI_INFO_NULL);
  pending = strided("pending", MPI_INFO_NULL);
  MPI_Info_free(&info);
  MPI_File_open(MPI_COMM_WORLD, "shared", kMode | MPI_MODE_APPEND, MPI_INFO_NULL, &shared);
  MPI_File_set_view(shared, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL);
  snprintf(name, sizeof name, "mine.%d", rank);
  MPI_File_open(MPI_COMM_SELF, name, kMode | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &mine);
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, 0, &half);
  MPI_File_open(half, rank % 2 ? "odd" : "even", kMode, MPI_INFO_NULL, &halves);
  MPI_File_set_atomicity(halves, 1);
}

static void close_all(int rounds) {
  char name[64];
  split_ends(rounds);
  MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);
  MPI_File *const files[] = {&individual, &split, &pending, &shared, &mine, &halves};
  for (int i = 0; i < 6; i++) {
    MPI_File_close(files[i]);
    CHECK(*files[i] == MPI_FILE_NULL);
  }
  snprintf(name, sizeof name, "mine.%d", rank);
  CHECK(access(name, F_OK) != 0);
  MPI_Barrier(MPI_COMM_WORLD);
}

/* The whole of a file, as it must be in the end. */
static void check_end(int rounds) {
  int block[kBlock];
  MPI_File file;
  MPI_Offset bytes;
  MPI_File_open(MPI_COMM_WORLD, "individual", MPI_MODE_RDONLY, MPI_INFO_NULL, &file);
  MPI_File_get_size(file, &bytes);
  CHECK(bytes == (MPI_Offset)(sizeof block * (size_t)rounds * (size_t)size));
  for (int i = 0; i < rounds * size; i++) {
    MPI_File_read_all(file, block, kBlock, MPI_INT, MPI_STATUS_IGNORE);
    CHECK(is_block(block, i / size, i % size));
  }
  MPI_File_close(&file);
}

static void one_round(int round) {
  individual_round(round);
  shared_round(round);
  split_round(round);
  pending_round(round);
  own_round(round);
}

/* What goes wrong, and what is odd: the library's own words for it. */
static void tell(void) {
  MPI_File file = MPI_FILE_NULL;
  MPI_Status status;
  MPI_Offset position;
  int block[kBlock] = {0}, amode;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  SAY(MPI_File_open(MPI_COMM_WORLD, "is/not/there", MPI_MODE_RDONLY, MPI_INFO_NULL, &file));
  SAY(MPI_File_open(MPI_COMM_WORLD, "modes", MPI_MODE_RDONLY | MPI_MODE_WRONLY, MPI_INFO_NULL, &file));
  SAY(MPI_File_open(MPI_COMM_SELF, "is/not/there", MPI_MODE_RDONLY, MPI_INFO_NULL, &file));
  SAY(MPI_File_open(MPI_COMM_WORLD, "told", kMode | MPI_MODE_EXCL, MPI_INFO_NULL, &file));
  SAY(MPI_File_get_amode(file, &amode));
  say("amode %d", amode);
  SAY(MPI_File_write_ordered(file, &rank, 1, MPI_INT, &status));
  MPI_Barrier(MPI_COMM_WORLD); /* others may still write, and the file's end is where they have come to */
  SAY(MPI_File_seek(file, 0, MPI_SEEK_END));
  SAY(MPI_File_get_position(file, &position));
  say("position %ld", (long)position);
  SAY(MPI_File_read_at_all_begin(file, 0, block, 1, MPI_INT));
  SAY(MPI_File_read_at_all_end(file, block, &status));
  say("read %d", elements(&status));
  SAY(MPI_File_set_info(file, MPI_INFO_NULL));
  SAY(MPI_File_close(&file));
  SAY(MPI_File_close(&file));
  SAY(MPI_File_open(MPI_COMM_WORLD, "told", kMode | MPI_MODE_EXCL, MPI_INFO_NULL, &file));
  if (rank == 0) SAY(MPI_File_delete("told", MPI_INFO_NULL));
}

int main(int argc, char **argv) {
  int done = 0, round = 0;
  char directory[512];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  say_rank = rank;
  together = argc < 3;
  if (argc < 2) {
    say("begins");
    snprintf(directory, sizeof directory, "%s", getenv("SAY_DIRECTORY") != NULL ? getenv("SAY_DIRECTORY") : ".");
    snprintf(directory + strlen(directory), 32, "/../files-XXXXXX");
    if (rank == 0) CHECK(mkdtemp(directory) != NULL);
    MPI_Bcast(directory, sizeof directory, MPI_CHAR, 0, MPI_COMM_WORLD);
    CHECK(chdir(directory) == 0);
  }
  open_all();
  while (!done) {
    one_round(round++);
    if (argc < 2) {
      done = round == 3;
      continue;
    }
    if (rank == 0) {
      printf("round %d\n", round), fflush(stdout);
      usleep(20000);
      done = access(argv[1], F_OK) == 0;
    }
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  close_all(round);
  check_end(round);
  if (argc < 2) tell();
  if (rank == 0) puts("files: ok");
  MPI_Finalize();
  return 0;
}
