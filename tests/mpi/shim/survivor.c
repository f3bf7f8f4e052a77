/* SPDX-License-Identifier: Apache-2.0 */
/* Makes one of each kind of object that a restart must bring back, and uses all of them in every round, checking the
 * results. survivor FILE: rounds go on until FILE exists, then "survivor: ok after N rounds". Rank 0 prints "round N"
 * from time to time, so that a test can see that it runs. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rank, size, handler_calls, copies;

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      printf("survivor: rank %d: %s fails (line %d)\n", rank, #condition, __LINE__); \
      fflush(stdout);                                                                \
      MPI_Abort(MPI_COMM_WORLD, 1);                                                  \
    }                                                                                \
  } while (0)

struct objects {
  MPI_Comm dup, half, one, cart, row, named;
  MPI_Group group, empty;
  MPI_Datatype vector, record, column, real;
  MPI_Op op;
  MPI_Errhandler handler;
  MPI_Info info;
  int key, code;
  int *tag_ub;
};

static void add_and_count(void *in, void *inout, int *n, MPI_Datatype *type) {
  int bytes;
  MPI_Type_size(*type, &bytes);
  for (int i = 0; i < *n; i++)
    ((int *)inout)[2 * i] += ((int *)in)[2 * i], ((int *)inout)[2 * i + 1] += ((int *)in)[2 * i + 1] + bytes;
}

static void on_error(MPI_Comm *comm, int *code, ...) { handler_calls++; }

static int on_copy(MPI_Comm comm, int key, void *extra, void *in, void *out, int *flag) {
  copies++;
  *(void **)out = in;
  *flag = 1;
  return MPI_SUCCESS;
}

static void check_last_used_code(struct objects *o) {
  int *last, flag;
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &last, &flag);
  CHECK(flag && *last == o->code);
}

static void make_types(struct objects *o) {
  MPI_Datatype pair, inner;
  MPI_Type_contiguous(2, MPI_INT, &pair);
  MPI_Type_vector(3, 1, 2, pair, &inner);
  MPI_Type_create_resized(inner, 0, 64, &o->vector);
  MPI_Type_commit(&o->vector);
  MPI_Type_free(&pair);
  MPI_Type_free(&inner);
  int lengths[2] = {1, 2};
  MPI_Aint places[2] = {0, 8};
  MPI_Datatype parts[2] = {MPI_INT, MPI_DOUBLE};
  MPI_Type_create_struct(2, lengths, places, parts, &o->record);
  MPI_Type_commit(&o->record);
  int sizes[2] = {4, 5}, sub[2] = {4, 1}, starts[2] = {0, 2};
  MPI_Type_create_subarray(2, sizes, sub, starts, MPI_ORDER_C, MPI_INT, &o->column);
  MPI_Type_commit(&o->column);
  MPI_Type_set_name(o->column, "column two");
  MPI_Type_create_f90_real(10, 100, &o->real);
}

static void make(struct objects *o) {
  MPI_Comm_create_keyval(on_copy, MPI_COMM_NULL_DELETE_FN, &o->key, NULL);
  MPI_Comm_set_attr(MPI_COMM_WORLD, o->key, (void *)1234);
  MPI_Comm_dup(MPI_COMM_WORLD, &o->dup);
  MPI_Comm_split(o->dup, rank % 2, -rank, &o->half);
  MPI_Comm_split(MPI_COMM_WORLD, rank == 0 ? 0 : MPI_UNDEFINED, 0, &o->one);
  int dims[2] = {0, 0}, periods[2] = {1, 0}, keep[2] = {0, 1};
  MPI_Dims_create(size, 2, dims);
  MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 1, &o->cart);
  MPI_Cart_sub(o->cart, keep, &o->row);
  for (int i = 0; i < 50; i++) {
    MPI_Comm lost;
    MPI_Comm_dup(o->half, &lost);
    MPI_Comm_free(&lost);
  }
  MPI_Comm_group(o->half, &o->group);
  MPI_Group_incl(o->group, 0, NULL, &o->empty);
  MPI_Comm_create_group(MPI_COMM_WORLD, o->group, 3, &o->named);
  MPI_Comm_set_name(o->named, "made of a group");
  MPI_Op_create(add_and_count, 1, &o->op);
  MPI_Comm_create_errhandler(on_error, &o->handler);
  MPI_Comm_set_errhandler(o->dup, o->handler);
  MPI_Info_create(&o->info);
  MPI_Info_set(o->info, "key", "value");
  int error_class, flag;
  MPI_Add_error_class(&error_class);
  MPI_Add_error_code(error_class, &o->code);
  MPI_Add_error_string(o->code, "it was the dog");
  check_last_used_code(o);
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &o->tag_ub, &flag);
  make_types(o);
}

static void use_types(struct objects *o, int round) {
  int right = (rank + 1) % size, left = (rank + size - 1) % size;
  int out[32], in[6];
  for (int i = 0; i < 32; i++) out[i] = rank * 1000 + i + round;
  MPI_Status status;
  int count;
  MPI_Sendrecv(out, 1, o->vector, right, 1, in, 6, MPI_INT, left, 1, o->dup, &status);
  MPI_Get_count(&status, MPI_INT, &count);
  CHECK(count == 6 && in[0] == left * 1000 + round && in[2] == left * 1000 + 4 + round &&
        in[5] == left * 1000 + 9 + round);
  struct {
    int a;
    double b[2];
  } record = {round, {0.5, rank}}, got = {0, {0, 0}};
  MPI_Sendrecv(&record, 1, o->record, right, 2, &got, 1, o->record, left, 2, o->dup, MPI_STATUS_IGNORE);
  CHECK(got.a == round && got.b[0] == 0.5 && got.b[1] == left);
  int matrix[20], column[4];
  for (int i = 0; i < 20; i++) matrix[i] = i + rank;
  MPI_Sendrecv(matrix, 1, o->column, right, 3, column, 4, MPI_INT, left, 3, o->dup, MPI_STATUS_IGNORE);
  CHECK(column[0] == 2 + left && column[3] == 17 + left);
  double x = rank + 0.25, y = 0;
  MPI_Sendrecv(&x, 1, o->real, right, 4, &y, 1, o->real, left, 4, o->dup, MPI_STATUS_IGNORE);
  CHECK(y == left + 0.25);
  int ni, na, nd, combiner, length;
  char name[MPI_MAX_OBJECT_NAME];
  MPI_Type_get_envelope(o->vector, &ni, &na, &nd, &combiner);
  MPI_Type_get_name(o->column, name, &length);
  CHECK(combiner == MPI_COMBINER_RESIZED && strcmp(name, "column two") == 0);
}

static void use_comms(struct objects *o, int round) {
  int sum, expected = 0, half_rank, half_size, coords[2], ndims, topology, same;
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, o->half);
  for (int i = rank % 2; i < size; i += 2) expected += i;
  MPI_Comm_rank(o->half, &half_rank);
  MPI_Comm_size(o->half, &half_size);
  CHECK(sum == expected && half_rank == half_size - 1 - rank / 2);
  MPI_Comm_compare(o->half, o->named, &same);
  CHECK(same == MPI_CONGRUENT);
  MPI_Bcast(&round, 1, MPI_INT, 0, o->named);
  CHECK((o->one == MPI_COMM_NULL) == (rank != 0));
  if (rank == 0) MPI_Barrier(o->one);
  MPI_Topo_test(o->cart, &topology);
  MPI_Cartdim_get(o->cart, &ndims);
  int cart_rank, back;
  MPI_Comm_rank(o->cart, &cart_rank);
  MPI_Cart_coords(o->cart, cart_rank, 2, coords);
  MPI_Cart_rank(o->cart, coords, &back);
  CHECK(topology == MPI_CART && ndims == 2 && back == cart_rank);
  int row_rank, key = coords[0], sum_of_keys, row_size;
  MPI_Comm_rank(o->row, &row_rank);
  MPI_Comm_size(o->row, &row_size);
  MPI_Allreduce(&key, &sum_of_keys, 1, MPI_INT, MPI_SUM, o->row);
  CHECK(row_rank == coords[1] && sum_of_keys == row_size * coords[0]);
  MPI_Group group;
  MPI_Comm_group(o->half, &group);
  MPI_Group_compare(group, o->group, &same);
  /* The one that the library has given out is freed, perhaps in another library. */
  CHECK(o->empty == MPI_GROUP_EMPTY);
  MPI_Group_free(&o->empty);
  CHECK(o->empty == MPI_GROUP_NULL);
  MPI_Group_incl(o->group, 0, NULL, &o->empty);
  CHECK(same == MPI_IDENT);
  MPI_Group_free(&group);
}

static void use_the_rest(struct objects *o, int round) {
  int pair[2] = {rank, 0}, result[2], before = handler_calls, length, flag;
  MPI_Datatype two;
  MPI_Type_contiguous(2, MPI_INT, &two);
  MPI_Type_commit(&two);
  MPI_Allreduce(pair, result, 1, two, o->op, MPI_COMM_WORLD);
  MPI_Type_free(&two);
  CHECK(result[0] == size * (size - 1) / 2 && result[1] == 8 * (size - 1));
  CHECK(MPI_Bcast(pair, 1, MPI_INT, size + 5, o->dup) == MPI_ERR_ROOT && handler_calls == before + 1);
  char text[MPI_MAX_ERROR_STRING];
  check_last_used_code(o);
  MPI_Error_string(o->code, text, &length);
  CHECK(strcmp(text, "it was the dog") == 0);
  MPI_Info_get(o->info, "key", 20, text, &flag);
  CHECK(flag && strcmp(text, "value") == 0);
  int copied = copies;
  void *value = NULL;
  MPI_Comm dup;
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  MPI_Comm_get_attr(dup, o->key, &value, &flag);
  CHECK(flag && value == (void *)1234 && copies == copied + 1);
  MPI_Comm_free(&dup);
  CHECK(*o->tag_ub >= 32767);
  char name[MPI_MAX_OBJECT_NAME];
  MPI_Comm_get_name(o->named, name, &length);
  CHECK(strcmp(name, "made of a group") == 0);
}

int main(int argc, char **argv) {
  struct objects o;
  int done = 0, round = 0;
  double last = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  make(&o);
  while (!done) {
    use_types(&o, round);
    use_comms(&o, round);
    use_the_rest(&o, round);
    done = argc < 2 || access(argv[1], F_OK) == 0;
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
    const double now = MPI_Wtime();
    CHECK(now >= last);
    last = now;
    if (rank == 0 && round % 100 == 0) printf("round %d\n", round), fflush(stdout);
    round++;
  }
  if (rank == 0) printf("survivor: ok after %d rounds\n", round);
  MPI_Finalize();
  return 0;
}
