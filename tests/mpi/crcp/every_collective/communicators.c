// SPDX-License-Identifier: Apache-2.0
// every_collective: communicators within the job. A round makes one, sums over it, and frees it.
#include <stddef.h>

#include "calls.h"

static const int weight = 1;

static MPI_Comm parent_of(int n) { return n % 2 == 0 ? copy : MPI_COMM_WORLD; }

static int sum_over(MPI_Comm comm, int mine) {
  int sum = -1;
  come_late();
  MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comm);
  return sum;
}

// The sum of all ranks' numbers, or of those with the parity of `rank_of_them`.
static int sum_of_all(int n) {
  int sum = 0;
  for (int r = 0; r < size; ++r) sum += number_of(n, r);
  return sum;
}
static int sum_of_half(int n, int rank_of_them) {
  int sum = 0;
  for (int r = rank_of_them % 2; r < size; r += 2) sum += number_of(n, r);
  return sum;
}

static void used_and_freed(MPI_Comm comm, int n, int sum, const char* what) {
  expect(sum_over(comm, number_of(n, rank)) == sum, what);
  come_late();
  expect(MPI_Comm_free(&comm) == MPI_SUCCESS && comm == MPI_COMM_NULL, "MPI_Comm_free");
}

static void dup_round(int n) {
  MPI_Comm made;
  MPI_Comm_dup(parent_of(n), &made);
  used_and_freed(made, n, sum_of_all(n), "MPI_Comm_dup");
}

static void dup_with_info_round(int n) {
  MPI_Comm made;
  MPI_Comm_dup_with_info(parent_of(n), MPI_INFO_NULL, &made);
  used_and_freed(made, n, sum_of_all(n), "MPI_Comm_dup_with_info");
}

static void idup_round(int n) {
  MPI_Comm made;
  MPI_Request request;
  MPI_Comm_idup(parent_of(n), &made, &request);
  come_late();
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  used_and_freed(made, n, sum_of_all(n), "MPI_Comm_idup");
}

// Of the ranks with this one's parity.
static MPI_Group half(MPI_Comm comm) {
  int range[1][3] = {{rank % 2, size - 1, 2}};
  MPI_Group all, some;
  MPI_Comm_group(comm, &all);
  MPI_Group_range_incl(all, 1, range, &some);
  MPI_Group_free(&all);
  return some;
}

static void create_round(int n) {
  MPI_Comm made;
  MPI_Group members = half(parent_of(n));
  MPI_Comm_create(parent_of(n), members, &made);
  MPI_Group_free(&members);
  used_and_freed(made, n, sum_of_half(n, rank), "MPI_Comm_create");
}

static void create_group_round(int n) {
  MPI_Comm made;
  MPI_Group members = half(parent_of(n));
  MPI_Comm_create_group(parent_of(n), members, 7, &made);
  MPI_Group_free(&members);
  used_and_freed(made, n, sum_of_half(n, rank), "MPI_Comm_create_group");
}

static void split_round(int n) {
  MPI_Comm made;
  MPI_Comm_split(parent_of(n), rank % 2, -rank, &made);
  used_and_freed(made, n, sum_of_half(n, rank), "MPI_Comm_split");
}

static void split_type_round(int n) {
  MPI_Comm made;
  MPI_Comm_split_type(parent_of(n), MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &made);
  used_and_freed(made, n, sum_of_all(n), "MPI_Comm_split_type");
}

static void free_round(int n) {
  MPI_Comm first, second;
  MPI_Comm_dup(parent_of(n), &first);
  MPI_Comm_dup(parent_of(n + 1), &second);
  used_and_freed(first, n, sum_of_all(n), "MPI_Comm_free");
  used_and_freed(second, n, sum_of_all(n), "MPI_Comm_free");
}

static void disconnect_round(int n) {
  MPI_Comm made;
  MPI_Comm_dup(parent_of(n), &made);
  expect(sum_over(made, number_of(n, rank)) == sum_of_all(n), "MPI_Comm_disconnect");
  expect(MPI_Comm_disconnect(&made) == MPI_SUCCESS && made == MPI_COMM_NULL, "MPI_Comm_disconnect");
}

static void set_info_round(int n) {
  MPI_Info info;
  MPI_Info_create(&info);
  MPI_Info_set(info, "mpi_assert_no_any_tag", n % 2 == 0 ? "true" : "false");
  expect(MPI_Comm_set_info(parent_of(n), info) == MPI_SUCCESS, "MPI_Comm_set_info");
  MPI_Info_free(&info);
}

static MPI_Comm line_of(int n) {
  MPI_Comm made;
  const int periodic = 1;
  MPI_Cart_create(parent_of(n), 1, &size, &periodic, 0, &made);
  return made;
}

static void cart_create_round(int n) { used_and_freed(line_of(n), n, sum_of_all(n), "MPI_Cart_create"); }

static void cart_sub_round(int n) {
  MPI_Comm made, line = line_of(n);
  const int keep = 1;
  MPI_Cart_sub(line, &keep, &made);
  MPI_Comm_free(&line);
  used_and_freed(made, n, sum_of_all(n), "MPI_Cart_sub");
}

static void cart_map_round(int n) {
  int mapped = -1;
  const int periodic = 1;
  MPI_Cart_map(parent_of(n), 1, &size, &periodic, &mapped);
  expect(mapped >= 0 && mapped < size, "MPI_Cart_map");
}

// Each rank's neighbour is the next one.
enum { kMost = 64 };
static int ends[kMost], neighbours[kMost];
static void fill_ring(void) {
  for (int r = 0; r < size && r < kMost; ++r) ends[r] = r + 1, neighbours[r] = (r + 1) % size;
}

static void graph_create_round(int n) {
  MPI_Comm made;
  fill_ring();
  MPI_Graph_create(parent_of(n), size, ends, neighbours, 0, &made);
  used_and_freed(made, n, sum_of_all(n), "MPI_Graph_create");
}

static void graph_map_round(int n) {
  int mapped = -1;
  fill_ring();
  MPI_Graph_map(parent_of(n), size, ends, neighbours, &mapped);
  expect(mapped >= 0 && mapped < size, "MPI_Graph_map");
}

static void dist_graph_create_round(int n) {
  MPI_Comm made;
  const int degree = 1, to = (rank + 1) % size;
  MPI_Dist_graph_create(parent_of(n), 1, &rank, &degree, &to, &weight, MPI_INFO_NULL, 0, &made);
  used_and_freed(made, n, sum_of_all(n), "MPI_Dist_graph_create");
}

static void dist_graph_create_adjacent_round(int n) {
  MPI_Comm made;
  const int from = (rank + size - 1) % size, to = (rank + 1) % size;
  MPI_Dist_graph_create_adjacent(parent_of(n), 1, &from, &weight, 1, &to, &weight, MPI_INFO_NULL, 0, &made);
  used_and_freed(made, n, sum_of_all(n), "MPI_Dist_graph_create_adjacent");
}

// Between even and odd ranks.
static MPI_Comm across(int n) {
  MPI_Comm mine, made;
  MPI_Comm_split(parent_of(n), rank % 2, rank, &mine);
  come_late();
  MPI_Intercomm_create(mine, 0, parent_of(n), 1 - rank % 2, 5, &made);
  MPI_Comm_free(&mine);
  return made;
}

static void intercomm_create_round(int n) {
  used_and_freed(across(n), n, sum_of_half(n, rank + 1), "MPI_Intercomm_create");
}

static void intercomm_merge_round(int n) {
  MPI_Comm made, inter = across(n);
  MPI_Intercomm_merge(inter, rank % 2, &made);
  MPI_Comm_free(&inter);
  used_and_freed(made, n, sum_of_all(n), "MPI_Intercomm_merge");
}

const struct call communicator_calls[] = {
    {"MPI_Comm_dup", dup_round},
    {"MPI_Comm_dup_with_info", dup_with_info_round},
    {"MPI_Comm_idup", idup_round},
    {"MPI_Comm_create", create_round},
    {"MPI_Comm_create_group", create_group_round},
    {"MPI_Comm_split", split_round},
    {"MPI_Comm_split_type", split_type_round},
    {"MPI_Comm_free", free_round},
    {"MPI_Comm_disconnect", disconnect_round},
    {"MPI_Comm_set_info", set_info_round},
    {"MPI_Cart_create", cart_create_round},
    {"MPI_Cart_sub", cart_sub_round},
    {"MPI_Cart_map", cart_map_round},
    {"MPI_Graph_create", graph_create_round},
    {"MPI_Graph_map", graph_map_round},
    {"MPI_Dist_graph_create", dist_graph_create_round},
    {"MPI_Dist_graph_create_adjacent", dist_graph_create_adjacent_round},
    {"MPI_Intercomm_create", intercomm_create_round},
    {"MPI_Intercomm_merge", intercomm_merge_round},
    {NULL, NULL},
};
