/* SPDX-License-Identifier: Apache-2.0 */
/* Graph topologies of all three kinds and their duplicates: zero degrees, several edges between the same two ranks,
 * edges to oneself, with weights and without. graphs: what the library answers, once (say.h). graphs FILE: the answers
 * and the neighbourhood collectives are the same in every round, until FILE exists. */
#include "say.h"

enum { kMost = 32, kAnswers = 4 + 4 * kMost };

static int rank, size;

#define CHECK(condition)                                                           \
  do {                                                                             \
    if (!(condition)) {                                                            \
      printf("graphs: rank %d: %s fails (line %d)\n", rank, #condition, __LINE__); \
      fflush(stdout);                                                              \
      MPI_Abort(MPI_COMM_WORLD, 1);                                                \
    }                                                                              \
  } while (0)

struct graph {
  const char *name;
  MPI_Comm comm;
  int answers[kAnswers];                             /* of the queries */
  int in, out, from[kMost], from_v[kMost], w[kMost]; /* what the collectives brought in round 0 */
};
static struct graph graphs[64];
static int count;

static void add(const char *name, MPI_Comm comm) {
  const char *names[4];
  MPI_Comm comms[4] = {comm, comm, comm, comm};
  static char text[64][64];
  if (comm == MPI_COMM_NULL) return;
  MPI_Request request;
  MPI_Info info;
  MPI_Info_create(&info);
  MPI_Comm_dup(comm, &comms[1]);
  MPI_Comm_idup(comms[1], &comms[2], &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Comm_dup_with_info(comm, info, &comms[3]);
  MPI_Info_free(&info);
  for (int i = 0; i < 4; i++) {
    const char *ways[4] = {"", ", dup", ", idup of the dup", ", dup_with_info"};
    snprintf(text[count], sizeof text[count], "%s%s", name, ways[i]);
    names[i] = text[count];
    graphs[count].comm = comms[i];
    graphs[count++].name = names[i];
  }
}

/* A ring of the first `active` ranks, both ways, so that two ranks have two edges; rank 0 also has one to itself. */
static MPI_Comm plain_graph(int nodes, int active) {
  int index[kMost], edges[kMost], n = 0;
  MPI_Comm comm;
  for (int i = 0; i < nodes; i++) {
    if (i < active) {
      edges[n++] = (i + 1) % active;
      edges[n++] = (i + active - 1) % active;
    }
    if (i == 0) edges[n++] = 0;
    index[i] = n;
  }
  MPI_Graph_create(MPI_COMM_WORLD, nodes, index, edges, 1, &comm);
  return comm;
}

/* Rank 0 sends to all others, twice to rank 1; with more than two ranks the last has no edge at all. */
static MPI_Comm adjacent(int weighted) {
  int sources[kMost], in_weights[kMost], targets[kMost], out_weights[kMost], in = 0, out = 0;
  const int last = size > 2 ? size - 2 : size - 1;
  MPI_Comm comm;
  for (int i = 1; rank == 0 && i <= last; i++)
    for (int k = 0; k < (i == 1 ? 2 : 1); k++) targets[out] = i, out_weights[out++] = 10 * i + k;
  for (int k = 0; rank > 0 && rank <= last && k < (rank == 1 ? 2 : 1); k++)
    sources[in] = 0, in_weights[in++] = 10 * rank + k;
  MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, in, sources,
                                 !weighted ? MPI_UNWEIGHTED
                                 : in      ? in_weights
                                           : MPI_WEIGHTS_EMPTY,
                                 out, targets,
                                 !weighted ? MPI_UNWEIGHTED
                                 : out     ? out_weights
                                           : MPI_WEIGHTS_EMPTY,
                                 MPI_INFO_NULL, 0, &comm);
  return comm;
}

/* Each rank names the edges of the next one; the last rank has no outgoing ones. */
static MPI_Comm distributed(int weighted) {
  const int node = (rank + 1) % size, degree = node == size - 1 ? 0 : 3, n = 1;
  const int targets[3] = {(node + 1) % size, (node + 1) % size, 0}, weights[3] = {node + 1, node + 2, node + 3};
  MPI_Comm comm;
  MPI_Dist_graph_create(MPI_COMM_WORLD, n, &node, &degree, targets,
                        !weighted ? MPI_UNWEIGHTED
                        : degree  ? weights
                                  : MPI_WEIGHTS_EMPTY,
                        MPI_INFO_NULL, 0, &comm);
  return comm;
}

static void ask(MPI_Comm comm, int *answers) {
  int weighted, kind, *a = answers;
  memset(answers, 0, kAnswers * sizeof *answers);
  MPI_Topo_test(comm, &kind);
  a[0] = kind;
  if (kind == MPI_GRAPH) {
    int me;
    MPI_Comm_rank(comm, &me);
    MPI_Graphdims_get(comm, &a[1], &a[2]);
    MPI_Graph_neighbors_count(comm, me, &a[3]);
    MPI_Graph_neighbors(comm, me, kMost, a + 4);
    MPI_Graph_get(comm, kMost, 2 * kMost, a + 4 + kMost, a + 4 + 2 * kMost);
  } else {
    MPI_Dist_graph_neighbors_count(comm, &a[1], &a[2], &weighted);
    a[3] = weighted;
    MPI_Dist_graph_neighbors(comm, a[1], a + 4, weighted ? a + 4 + kMost : MPI_UNWEIGHTED, a[2], a + 4 + 2 * kMost,
                             weighted ? a + 4 + 3 * kMost : MPI_UNWEIGHTED);
  }
}

/* Each neighbour is sent who sends, at which place, in which round. */
static void exchange(const struct graph *g, int round, int *from, int *from_v, int *w) {
  int send[kMost], ones[kMost], places[kMost], counts_out[kMost], counts_in[kMost], gathered[kMost];
  MPI_Aint bytes[kMost];
  MPI_Datatype types[kMost];
  MPI_Request request;
  for (int i = 0; i < kMost; i++) {
    send[i] = 1000 * rank + i + 100000 * round;
    ones[i] = 1;
    places[i] = i;
    bytes[i] = i * (MPI_Aint)sizeof(int);
    types[i] = MPI_INT;
    counts_out[i] = counts_in[i] = 1;
    from[i] = from_v[i] = w[i] = gathered[i] = -1;
  }
  MPI_Neighbor_alltoall(send, 1, MPI_INT, from, 1, MPI_INT, g->comm);
  MPI_Neighbor_alltoallv(send, counts_out, places, MPI_INT, from_v, counts_in, places, MPI_INT, g->comm);
  MPI_Neighbor_alltoallw(send, ones, bytes, types, w, ones, bytes, types, g->comm);
  MPI_Ineighbor_allgather(send, 1, MPI_INT, gathered, 1, MPI_INT, g->comm, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  for (int i = 0; i < g->in; i++) CHECK(gathered[i] / 1000 == from[i] / 1000);
}

static int by_number(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* The order of the neighbours that MPI_Dist_graph_create gives is not the same in every run. */
static void tell(struct graph *g) {
  int *a = g->answers;
  say("%s: kind %d, %d %d %d", g->name, a[0], a[1], a[2], a[3]);
  for (int part = 0; part < 4; part++) {
    if (a[0] == MPI_DIST_GRAPH) qsort(a + 4 + part * kMost, kMost, sizeof *a, by_number);
    for (int i = 0; i < kMost; i++)
      if (a[4 + part * kMost + i] != 0) say("  %d.%d: %d", part, i, a[4 + part * kMost + i]);
  }
  qsort(g->from, (size_t)g->in, sizeof *g->from, by_number);
  for (int i = 0; i < g->in; i++) say("  from %d", g->from[i] / 1000);
}

static void first_round(void) {
  for (int i = 0; i < count; i++) {
    struct graph *g = &graphs[i];
    ask(g->comm, g->answers);
    g->in = g->answers[0] == MPI_GRAPH ? g->answers[3] : g->answers[1];
    g->out = g->answers[0] == MPI_GRAPH ? g->answers[3] : g->answers[2];
    exchange(g, 0, g->from, g->from_v, g->w);
  }
}

static void next_round(int round) {
  int answers[kAnswers], from[kMost], from_v[kMost], w[kMost];
  for (int i = 0; i < count; i++) {
    const struct graph *g = &graphs[i];
    ask(g->comm, answers);
    CHECK(memcmp(answers, g->answers, sizeof answers) == 0);
    exchange(g, round % 1000, from, from_v, w);
    for (int k = 0; k < g->in; k++) {
      const int more = 100000 * (round % 1000);
      CHECK(from[k] == g->from[k] + more && from_v[k] == g->from_v[k] + more && w[k] == g->w[k] + more);
    }
  }
}

int main(int argc, char **argv) {
  int done = 0, round = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  say_rank = rank;
  add("graph", plain_graph(size, size > 2 ? size - 1 : size));
  add("graph of fewer", plain_graph(size - 1, size - 1));
  add("adjacent", adjacent(0));
  add("adjacent with weights", adjacent(1));
  add("distributed", distributed(0));
  add("distributed with weights", distributed(1));
  first_round();
  if (argc < 2) {
    for (int i = 0; i < count; i++) tell(&graphs[i]);
    MPI_Finalize();
    return 0;
  }
  while (!done) {
    next_round(++round);
    done = access(argv[1], F_OK) == 0;
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank == 0 && round % 20 == 1) printf("round %d\n", round), fflush(stdout);
  }
  if (rank == 0) printf("graphs: ok after %d rounds\n", round);
  MPI_Finalize();
  return 0;
}
