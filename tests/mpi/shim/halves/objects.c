/* SPDX-License-Identifier: Apache-2.0 */
/* objects FILE: groups, info objects and operations: made in the first half, compared, used, and made again of each
 * other in the second. */
#include "halves.h"

enum { kGroups = 10 };

static MPI_Group groups[kGroups];
static int expected[kGroups][64], members[kGroups];
static MPI_Comm merged = MPI_COMM_NULL;

static void make_of_others(void) {
  MPI_Comm half, inter;
  int others, count;
  OK(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half));
  OK(MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 9, &inter));
  OK(MPI_Comm_remote_group(inter, &groups[9]));
  OK(MPI_Comm_remote_size(inter, &others));
  OK(MPI_Group_size(groups[9], &count));
  CHECK(others == count);
  if (merged == MPI_COMM_NULL) OK(MPI_Intercomm_merge(inter, rank % 2, &merged));
  OK(MPI_Comm_free(&inter));
  OK(MPI_Comm_free(&half));
}

static void use_merged(void) {
  int place, sum;
  OK(MPI_Comm_rank(merged, &place));
  CHECK(place == rank / 2 + rank % 2 * ((size + 1) / 2));
  OK(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, merged));
  CHECK(sum == size * (size - 1) / 2);
}

/* Groups of the ranks of MPI_COMM_WORLD, each made of those before it. The last are the others of an
 * intercommunicator, which is gone before the checkpoint; what it was merged to is not. */
static void make_groups(void) {
  int first[1] = {0}, last[1] = {size - 1}, every[1][3] = {{0, size - 1, 2}}, backwards[1][3] = {{size - 1, 0, -1}};
  OK(MPI_Comm_group(MPI_COMM_WORLD, &groups[0]));
  OK(MPI_Group_incl(groups[0], 1, last, &groups[1]));
  OK(MPI_Group_excl(groups[0], 1, first, &groups[2]));
  OK(MPI_Group_range_incl(groups[0], 1, every, &groups[3]));
  OK(MPI_Group_range_excl(groups[0], 1, every, &groups[4]));
  OK(MPI_Group_union(groups[1], groups[3], &groups[5]));
  OK(MPI_Group_intersection(groups[2], groups[4], &groups[6]));
  OK(MPI_Group_difference(groups[0], groups[1], &groups[7]));
  OK(MPI_Group_range_incl(groups[0], 1, backwards, &groups[8]));
  make_of_others();
}

static void ask_group(int i, int *ranks, int *count) {
  int all[64], own;
  for (int r = 0; r < size; r++) all[r] = r;
  OK(MPI_Group_size(groups[i], count));
  OK(MPI_Group_translate_ranks(groups[i], *count, all, groups[0], ranks));
  OK(MPI_Group_rank(groups[i], &own));
  CHECK(own == MPI_UNDEFINED || ranks[own] == rank);
}

static void note_groups(void) {
  for (int i = 0; i < kGroups; i++) ask_group(i, expected[i], &members[i]);
}

static void check_groups(void) {
  for (int i = 0; i < kGroups; i++) {
    int ranks[64], count;
    ask_group(i, ranks, &count);
    CHECK(count == members[i] && memcmp(ranks, expected[i], (size_t)count * sizeof *ranks) == 0);
  }
  int same, similar, other;
  OK(MPI_Group_compare(groups[0], groups[0], &same));
  OK(MPI_Group_compare(groups[0], groups[8], &similar));
  OK(MPI_Group_compare(groups[0], groups[1], &other));
  CHECK(same == MPI_IDENT && similar == MPI_SIMILAR && other == MPI_UNEQUAL);
}

static void free_groups(void) {
  for (int i = 0; i < kGroups; i++) {
    OK(MPI_Group_free(&groups[i]));
    CHECK(groups[i] == MPI_GROUP_NULL);
  }
}

static MPI_Info info, copy;

static void make_info(void) {
  OK(MPI_Info_create(&info));
  OK(MPI_Info_set(info, "one", "first"));
  OK(MPI_Info_set(info, "two", "second"));
  OK(MPI_Info_set(info, "gone", "never"));
  OK(MPI_Info_delete(info, "gone"));
  OK(MPI_Info_dup(info, &copy));
  OK(MPI_Info_set(copy, "two", "changed"));
}

static void check_info(MPI_Info of, const char *second) {
  int count, there, length;
  char key[MPI_MAX_INFO_KEY], value[32];
  OK(MPI_Info_get_nkeys(of, &count));
  CHECK(count == 2);
  OK(MPI_Info_get_nthkey(of, 1, key));
  CHECK(strcmp(key, "two") == 0);
  OK(MPI_Info_get_valuelen(of, key, &length, &there));
  CHECK(there && length == (int)strlen(second));
  OK(MPI_Info_get(of, key, 31, value, &there));
  CHECK(there && strcmp(value, second) == 0);
  OK(MPI_Info_get(of, "gone", 31, value, &there));
  CHECK(!there);
}

static MPI_Op adding, last_of;

static void add(void *in, void *inout, int *n, MPI_Datatype *type) {
  for (int i = 0; i < *n; i++) ((int *)inout)[i] += ((int *)in)[i];
}
/* a * 10 + b of digits: the order matters. */
static void append(void *in, void *inout, int *n, MPI_Datatype *type) {
  for (int i = 0; i < *n; i++) ((int *)inout)[i] += 10 * ((int *)in)[i];
}

static void use_ops(void) {
  int commutes, in = 3, out = 4, digits = rank + 1, result;
  OK(MPI_Op_commutative(adding, &commutes));
  CHECK(commutes);
  OK(MPI_Op_commutative(last_of, &commutes));
  CHECK(!commutes);
  OK(MPI_Op_commutative(MPI_MAXLOC, &commutes));
  CHECK(commutes);
  OK(MPI_Reduce_local(&in, &out, 1, MPI_INT, adding));
  CHECK(out == 7);
  OK(MPI_Reduce_local(&in, &out, 1, MPI_INT, last_of));
  CHECK(out == 37);
  OK(MPI_Reduce_local(&in, &out, 1, MPI_INT, MPI_MIN));
  CHECK(out == 3);
  OK(MPI_Scan(&digits, &result, 1, MPI_INT, adding, MPI_COMM_WORLD));
  CHECK(result == (rank + 1) * (rank + 2) / 2);
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  make_groups();
  note_groups();
  check_groups();
  make_info();
  OK(MPI_Op_create(add, 1, &adding));
  OK(MPI_Op_create(append, 0, &last_of));
  use_ops();
  use_merged();

  halves_between(argv[1]);

  use_merged();
  check_groups();
  free_groups();
  make_groups();
  check_groups();
  free_groups();
  check_info(info, "second");
  check_info(copy, "changed");
  OK(MPI_Info_free(&info));
  OK(MPI_Info_free(&copy));
  make_info();
  check_info(copy, "changed");
  OK(MPI_Info_free(&info));
  OK(MPI_Info_free(&copy));
  use_ops();
  OK(MPI_Op_free(&adding));
  OK(MPI_Op_free(&last_of));
  CHECK(adding == MPI_OP_NULL);
  halves_end();
  return 0;
}
