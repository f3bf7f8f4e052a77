/* SPDX-License-Identifier: Apache-2.0 */
/* topologies FILE: communicators with and without a topology, made in the first half. What is asked of them gets the
 * same answers in both halves, and neighbours exchange data with the non-blocking form begun in the first half. */
#include "halves.h"

static MPI_Comm plain, cart, row, graph, adjacent, spread, named, idle, group_of_all, shared;
static int dims[2];

static void make(void) {
  int periods[2] = {1, 1}, keep[2] = {0, 1}, ends[64], edges[128];
  MPI_Info hints;
  MPI_Group all;
  MPI_Request request;
  OK(MPI_Info_create(&hints));
  OK(MPI_Info_set(hints, "asked", "kindly"));
  OK(MPI_Comm_dup_with_info(MPI_COMM_WORLD, hints, &plain));
  OK(MPI_Comm_set_info(plain, hints));
  OK(MPI_Info_free(&hints));
  OK(MPI_Comm_idup(plain, &idle, &request));
  OK(MPI_Wait(&request, MPI_STATUS_IGNORE));
  OK(MPI_Comm_group(plain, &all));
  OK(MPI_Comm_create(plain, all, &named));
  OK(MPI_Comm_create_group(plain, all, 5, &group_of_all));
  OK(MPI_Group_free(&all));
  OK(MPI_Comm_split_type(plain, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &shared));
  OK(MPI_Comm_set_name(named, "of a group"));
  OK(MPI_Dims_create(size, 2, dims));
  OK(MPI_Cart_create(plain, 2, dims, periods, 0, &cart));
  OK(MPI_Cart_sub(cart, keep, &row));
  for (int i = 0; i < size; i++) {
    ends[i] = 2 * (i + 1);
    edges[2 * i] = (i + size - 1) % size;
    edges[2 * i + 1] = (i + 1) % size;
  }
  OK(MPI_Graph_create(plain, size, ends, edges, 0, &graph));
  int sources[2] = {left, right}, weights[2] = {3, 4}, one = 2;
  OK(MPI_Dist_graph_create_adjacent(plain, 2, sources, weights, 2, sources, weights, MPI_INFO_NULL, 0, &adjacent));
  OK(MPI_Dist_graph_create(plain, 1, &rank, &one, sources, weights, MPI_INFO_NULL, 0, &spread));
}

static void ask_comms(void) {
  int n, r, inter, compared, length, there;
  char text[MPI_MAX_OBJECT_NAME];
  MPI_Info hints;
  OK(MPI_Comm_rank(idle, &r));
  OK(MPI_Comm_size(idle, &n));
  OK(MPI_Comm_test_inter(idle, &inter));
  OK(MPI_Comm_compare(plain, group_of_all, &compared));
  CHECK(r == rank && n == size && !inter && compared == MPI_CONGRUENT);
  OK(MPI_Comm_compare(plain, plain, &compared));
  CHECK(compared == MPI_IDENT);
  OK(MPI_Comm_get_name(named, text, &length));
  CHECK(strcmp(text, "of a group") == 0);
  OK(MPI_Comm_size(shared, &n));
  CHECK(n >= 1);
  OK(MPI_Comm_get_info(plain, &hints));
  OK(MPI_Info_get(hints, "asked", 20, text, &there));
  CHECK(there && strcmp(text, "kindly") == 0);
  OK(MPI_Info_free(&hints));
}

static void ask_cart(MPI_Comm of_dims, MPI_Comm of_row) {
  int kind, n, d[2], p[2], c[2], r, from, to, map;
  OK(MPI_Topo_test(of_dims, &kind));
  CHECK(kind == MPI_CART);
  OK(MPI_Cartdim_get(of_dims, &n));
  OK(MPI_Cart_get(of_dims, 2, d, p, c));
  CHECK(n == 2 && d[0] == dims[0] && d[1] == dims[1] && p[0] == 1 && p[1] == 1);
  CHECK(c[0] == rank / dims[1] && c[1] == rank % dims[1]);
  OK(MPI_Cart_coords(of_dims, left, 2, c));
  OK(MPI_Cart_rank(of_dims, c, &r));
  CHECK(r == left);
  OK(MPI_Cart_shift(of_dims, 0, 1, &from, &to));
  CHECK(to == (rank + dims[1]) % size && from == (rank + size - dims[1]) % size);
  OK(MPI_Cart_map(of_dims, 2, dims, p, &map));
  CHECK(map >= 0 && map < size);
  OK(MPI_Cart_get(of_row, 1, d, p, c));
  CHECK(d[0] == dims[1] && c[0] == rank % dims[1]);
}

static void ask_graphs(MPI_Comm of_graph, MPI_Comm of_adjacent, MPI_Comm of_spread) {
  int kind, n, edges, index[64], neighbours[128], in, out, weighted, map, w1[2], w2[2];
  OK(MPI_Topo_test(of_graph, &kind));
  CHECK(kind == MPI_GRAPH);
  OK(MPI_Graphdims_get(of_graph, &n, &edges));
  CHECK(n == size && edges == 2 * size);
  OK(MPI_Graph_get(of_graph, 64, 128, index, neighbours));
  CHECK(index[size - 1] == 2 * size && neighbours[2 * rank + 1] == right);
  OK(MPI_Graph_map(of_graph, size, index, neighbours, &map));
  CHECK(map >= 0 && map < size);
  OK(MPI_Graph_neighbors_count(of_graph, left, &n));
  OK(MPI_Graph_neighbors(of_graph, left, 2, neighbours));
  CHECK(n == 2 && neighbours[1] == rank);
  OK(MPI_Topo_test(of_adjacent, &kind));
  CHECK(kind == MPI_DIST_GRAPH);
  OK(MPI_Dist_graph_neighbors_count(of_adjacent, &in, &out, &weighted));
  OK(MPI_Dist_graph_neighbors(of_adjacent, 2, neighbours, w1, 2, index, w2));
  CHECK(in == 2 && out == 2 && weighted && neighbours[0] == left && index[1] == right && w1[0] == 3 && w2[1] == 4);
  OK(MPI_Dist_graph_neighbors_count(of_spread, &in, &out, &weighted));
  CHECK(in == 2 && out == 2 && weighted);
}

/* Copies have the topologies and, from their callbacks on, the attributes of what they are copies of. */
static MPI_Comm copies[5];
static int copied, kept;

static int pass_on(MPI_Comm of, int key, void *extra, void *in, void *out, int *flag) {
  copied++;
  *(void **)out = (char *)in + 1;
  *flag = 1;
  return MPI_SUCCESS;
}

static void copy_all(void) {
  MPI_Comm const of[5] = {cart, row, graph, adjacent, spread};
  MPI_Request requests[5];
  OK(MPI_Comm_create_keyval(pass_on, MPI_COMM_NULL_DELETE_FN, &kept, NULL));
  copied = 0;
  for (int i = 0; i < 5; i++) {
    OK(MPI_Comm_set_attr(of[i], kept, (void *)(long)(10 * i + 1)));
    OK(i % 2 ? MPI_Comm_dup(of[i], &copies[i]) : MPI_Comm_idup(of[i], &copies[i], &requests[i]));
    CHECK(copied == i + 1); /* also where the copy is not there yet */
    OK(MPI_Comm_set_attr(of[i], kept, (void *)0));
  }
  for (int i = 0; i < 5; i += 2) OK(MPI_Wait(&requests[i], MPI_STATUS_IGNORE));
}

static void ask_copies(void) {
  for (int i = 0; i < 5; i++) {
    void *value;
    int there;
    OK(MPI_Comm_get_attr(copies[i], kept, &value, &there));
    CHECK(there && (long)value == 10 * i + 2);
  }
  ask_cart(copies[0], copies[1]);
  ask_graphs(copies[2], copies[3], copies[4]);
}

static void free_copies(void) {
  for (int i = 0; i < 5; i++) OK(MPI_Comm_free(&copies[i]));
  OK(MPI_Comm_free_keyval(&kept));
}

static void ask_all(void) {
  ask_cart(cart, row);
  ask_graphs(graph, adjacent, spread);
  ask_copies();
}

static int out_data[2], in_data[5][2], counts[2] = {1, 1}, places[2] = {0, 1}, pending;
static MPI_Aint bytes[2] = {0, sizeof(int)};
static MPI_Datatype ints[2];
static MPI_Request requests[5];

static void begin(int round) {
  ints[0] = ints[1] = MPI_INT;
  out_data[0] = 10 * rank + round;
  out_data[1] = 10 * rank + round;
  memset(in_data, 0, sizeof in_data);
  pending = round;
  OK(MPI_Ineighbor_allgather(out_data, 1, MPI_INT, in_data[0], 1, MPI_INT, adjacent, &requests[0]));
  OK(MPI_Ineighbor_allgatherv(out_data, 1, MPI_INT, in_data[1], counts, places, MPI_INT, adjacent, &requests[1]));
  OK(MPI_Ineighbor_alltoall(out_data, 1, MPI_INT, in_data[2], 1, MPI_INT, adjacent, &requests[2]));
  OK(MPI_Ineighbor_alltoallv(out_data, counts, places, MPI_INT, in_data[3], counts, places, MPI_INT, adjacent,
                             &requests[3]));
  OK(MPI_Ineighbor_alltoallw(out_data, counts, bytes, ints, in_data[4], counts, bytes, ints, adjacent, &requests[4]));
}

static void check_data(void) {
  for (int i = 0; i < 5; i++) CHECK(in_data[i][0] == 10 * left + pending && in_data[i][1] == 10 * right + pending);
}

static void exchange(void) {
  memset(in_data, 0, sizeof in_data);
  OK(MPI_Neighbor_allgather(out_data, 1, MPI_INT, in_data[0], 1, MPI_INT, adjacent));
  OK(MPI_Neighbor_allgatherv(out_data, 1, MPI_INT, in_data[1], counts, places, MPI_INT, adjacent));
  OK(MPI_Neighbor_alltoall(out_data, 1, MPI_INT, in_data[2], 1, MPI_INT, adjacent));
  OK(MPI_Neighbor_alltoallv(out_data, counts, places, MPI_INT, in_data[3], counts, places, MPI_INT, adjacent));
  OK(MPI_Neighbor_alltoallw(out_data, counts, bytes, ints, in_data[4], counts, bytes, ints, adjacent));
  check_data();
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  make();
  copy_all();
  ask_comms();
  ask_all();
  begin(1);
  OK(MPI_Waitall(5, requests, MPI_STATUSES_IGNORE));
  exchange();
  begin(2);

  halves_between(argv[1]);

  OK(MPI_Waitall(5, requests, MPI_STATUSES_IGNORE));
  check_data();
  exchange();
  ask_comms();
  ask_all();
  free_copies();
  MPI_Comm *const all[] = {&cart, &row, &graph, &adjacent, &spread, &named, &idle, &group_of_all, &shared};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) OK(MPI_Comm_free(all[i]));
  OK(MPI_Comm_disconnect(&plain));
  make();
  copy_all();
  ask_comms();
  ask_all();
  halves_end();
  return 0;
}
