/* SPDX-License-Identifier: Apache-2.0 */
/* Communicators, groups and topologies. */
#include "say.h"

static void describe(const char *what, MPI_Comm comm) {
  if (comm == MPI_COMM_NULL) {
    say("%s is null", what);
    return;
  }
  int rank, size, inter, topology, compared, length, remote = -1, sum = -1;
  char name[MPI_MAX_OBJECT_NAME];
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  MPI_Comm_test_inter(comm, &inter);
  MPI_Topo_test(comm, &topology);
  MPI_Comm_compare(comm, MPI_COMM_WORLD, &compared);
  MPI_Comm_get_name(comm, name, &length);
  if (inter) MPI_Comm_remote_size(comm, &remote);
  MPI_Allreduce(&say_rank, &sum, 1, MPI_INT, MPI_SUM, comm);
  say("%s rank %d size %d inter %d remote %d topology %d compared %d name '%s' sum %d", what, rank, size, inter, remote,
      topology, compared, name, sum);
  MPI_Group group, world;
  MPI_Comm_group(comm, &group);
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  int ranks[64], translated[64];
  for (int i = 0; i < size; i++) ranks[i] = i;
  MPI_Group_translate_ranks(group, size, ranks, world, translated);
  for (int i = 0; i < size; i++) say("  member %d is %d", i, translated[i]);
  MPI_Group_free(&group);
  MPI_Group_free(&world);
}

static void derived(void) {
  MPI_Comm a, b, c;
  int n;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  MPI_Comm_dup(MPI_COMM_WORLD, &a);
  describe("dup", a);
  MPI_Comm_set_name(a, "a duplicate");
  describe("named", a);
  MPI_Comm_split(a, say_rank % 2, -say_rank, &b);
  describe("split", b);
  MPI_Comm_split(a, say_rank == 0 ? MPI_UNDEFINED : 7, 0, &c);
  describe("split undefined", c);
  if (c != MPI_COMM_NULL) MPI_Comm_free(&c);
  MPI_Comm_split_type(a, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &c);
  describe("split_type", c);
  MPI_Comm_free(&c);
  MPI_Group world, some;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  int ranks[2] = {n - 1, 0};
  MPI_Group_incl(world, 2, ranks, &some);
  MPI_Comm_create(a, some, &c);
  describe("create", c);
  if (c != MPI_COMM_NULL) MPI_Comm_free(&c);
  if (say_rank == 0 || say_rank == n - 1) {
    MPI_Comm_create_group(a, some, 17, &c);
    describe("create_group", c);
    MPI_Comm_free(&c);
  }
  MPI_Request request;
  MPI_Comm_idup(b, &c, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  describe("idup", c);
  MPI_Comm_free(&c);
  int result;
  MPI_Comm_compare(a, a, &result);
  say("compare same %d", result);
  MPI_Comm_compare(a, b, &result);
  say("compare other %d", result);
  MPI_Comm_disconnect(&b);
  say("null after disconnect %d", b == MPI_COMM_NULL);
  MPI_Group_free(&world);
  MPI_Group_free(&some);
  MPI_Comm_free(&a);
  for (int i = 0; i < 200; i++) {
    MPI_Comm_dup(MPI_COMM_SELF, &a);
    MPI_Comm_free(&a);
  }
}

static void groups(void) {
  MPI_Group world, a, b, c;
  int n, size, rank, result, first[1] = {0}, range[1][3] = {{0, 3, 1}};
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  range[0][1] = n - 1;
  range[0][2] = 2;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_excl(world, 1, first, &a);
  MPI_Group_range_incl(world, 1, range, &b);
  MPI_Group_size(a, &size);
  MPI_Group_rank(a, &rank);
  say("excl %d %d", size, rank);
  MPI_Group_size(b, &size);
  MPI_Group_rank(b, &rank);
  say("range_incl %d %d", size, rank);
  MPI_Group_union(b, a, &c);
  MPI_Group_compare(c, world, &result);
  say("union compared %d", result);
  MPI_Group_free(&c);
  MPI_Group_intersection(a, b, &c);
  MPI_Group_size(c, &size);
  say("intersection %d", size);
  MPI_Group_free(&c);
  MPI_Group_difference(world, a, &c);
  MPI_Group_size(c, &size);
  say("difference %d", size);
  MPI_Group_free(&c);
  MPI_Group_difference(a, a, &c);
  say("empty %d", c == MPI_GROUP_EMPTY);
  MPI_Group_range_excl(world, 1, range, &c);
  MPI_Group_size(c, &size);
  say("range_excl %d", size);
  MPI_Group_free(&c);
  MPI_Group_free(&a);
  MPI_Group_free(&b);
  MPI_Group_free(&world);
  SAY(MPI_Group_free(&world));
  SAY(MPI_Group_size(MPI_GROUP_NULL, &size));
}

static void topologies(void) {
  int n, dims[2] = {0, 0}, periods[2] = {1, 0}, coords[2], got_dims[2], got_periods[2], rank, source, dest, ndims,
         keep[2] = {0, 1};
  MPI_Comm cart, row;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  MPI_Dims_create(n, 2, dims);
  say("dims %d %d", dims[0], dims[1]);
  MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 1, &cart);
  describe("cart", cart);
  MPI_Cartdim_get(cart, &ndims);
  MPI_Cart_get(cart, 2, got_dims, got_periods, coords);
  say("ndims %d dims %d %d periods %d %d coords %d %d", ndims, got_dims[0], got_dims[1], got_periods[0], got_periods[1],
      coords[0], coords[1]);
  MPI_Cart_rank(cart, coords, &rank);
  MPI_Cart_shift(cart, 0, 1, &source, &dest);
  say("rank %d shift %d %d", rank, source, dest);
  MPI_Cart_shift(cart, 1, 1, &source, &dest);
  say("shift %d %d", source, dest);
  MPI_Cart_sub(cart, keep, &row);
  describe("cart_sub", row);
  int out[4] = {say_rank, say_rank + 100, say_rank + 200, say_rank + 300}, in[4] = {-1, -1, -1, -1};
  MPI_Neighbor_alltoall(out, 1, MPI_INT, in, 1, MPI_INT, cart);
  say("neighbours %d %d %d %d", in[0], in[1], in[2], in[3]);
  int ones[4] = {1, 1, 1, 1};
  MPI_Aint where[4] = {0, 4, 8, 12};
  MPI_Datatype types[4] = {MPI_INT, MPI_INT, MPI_INT, MPI_INT};
  MPI_Neighbor_alltoallw(out, ones, where, types, in, ones, where, types, cart);
  say("neighbours w %d %d %d %d", in[0], in[1], in[2], in[3]);
  MPI_Comm_free(&row);
  MPI_Comm dup;
  MPI_Comm_dup(cart, &dup);
  describe("dup of cart", dup);
  MPI_Comm_free(&dup);
  MPI_Comm_free(&cart);
  int left = (say_rank + n - 1) % n, right = (say_rank + 1) % n, indegree, outdegree, weighted;
  MPI_Comm graph;
  MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, &left, MPI_UNWEIGHTED, 1, &right, MPI_UNWEIGHTED, MPI_INFO_NULL, 0,
                                 &graph);
  describe("dist_graph", graph);
  MPI_Dist_graph_neighbors_count(graph, &indegree, &outdegree, &weighted);
  say("degrees %d %d %d", indegree, outdegree, weighted);
  MPI_Neighbor_allgather(&say_rank, 1, MPI_INT, in, 1, MPI_INT, graph);
  say("from the left %d", in[0]);
  MPI_Comm_free(&graph);
}

static void intercommunicators(void) {
  MPI_Comm half, inter, merged;
  int n;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  MPI_Comm_split(MPI_COMM_WORLD, say_rank < n / 2, 0, &half);
  MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, say_rank < n / 2 ? n / 2 : 0, 5, &inter);
  describe("inter", inter);
  MPI_Group remote;
  int size;
  MPI_Comm_remote_group(inter, &remote);
  MPI_Group_size(remote, &size);
  say("remote group %d", size);
  MPI_Group_free(&remote);
  MPI_Intercomm_merge(inter, say_rank < n / 2, &merged);
  describe("merged", merged);
  MPI_Comm_free(&merged);
  MPI_Comm_free(&inter);
  MPI_Comm_free(&half);
}

static void errors(void) {
  int x = 0;
  MPI_Comm null = MPI_COMM_NULL, world = MPI_COMM_WORLD;
  SAY(MPI_Comm_rank(MPI_COMM_NULL, &x));
  SAY(MPI_Comm_size(MPI_COMM_WORLD, NULL));
  SAY(MPI_Comm_free(&null));
  SAY(MPI_Comm_free(&world));
  SAY(MPI_Barrier(MPI_COMM_NULL));
  SAY(MPI_Bcast(&x, 1, MPI_INT, 99, MPI_COMM_WORLD));
  SAY(MPI_Bcast(&x, -1, MPI_INT, 0, MPI_COMM_WORLD));
  SAY(MPI_Cartdim_get(MPI_COMM_WORLD, &x));
  SAY(MPI_Comm_remote_size(MPI_COMM_WORLD, &x));
  SAY(MPI_Comm_split(MPI_COMM_WORLD, -5, 0, &null));
  char name[MPI_MAX_OBJECT_NAME];
  SAY(MPI_Comm_get_name(MPI_COMM_NULL, name, &x));
  SAY(MPI_Comm_get_name(MPI_COMM_WORLD, name, &x));
  say("world is %s", name);
  MPI_Comm_get_name(MPI_COMM_SELF, name, &x);
  say("self is %s", name);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  derived();
  groups();
  topologies();
  intercommunicators();
  errors();
  MPI_Finalize();
  return 0;
}
