// SPDX-License-Identifier: Apache-2.0
// What others are made of is freed: parents, groups, hints, keyvals; and generalized requests.
#include "freed_while_pending.h"

static int all(MPI_Comm comm) {
  int one = 1, sum = 0;
  MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
  return sum;
}

static MPI_Comm duplicate;
static MPI_Request duplication;

static void start_duplicate(void) {
  MPI_Comm parent = copy_of_world();
  MPI_Comm_idup(parent, &duplicate, &duplication);
  MPI_Comm_free(&parent);
}

static void finish_duplicate(void) {
  MPI_Wait(&duplication, MPI_STATUS_IGNORE);
  check_equal("size of the duplicate", all(duplicate), 4);
  MPI_Comm_free(&duplicate);
}

static MPI_Comm of_group, with_hints;

static void start_parts(void) {
  MPI_Group whole, part;
  MPI_Info info;
  MPI_Comm_group(MPI_COMM_WORLD, &whole);
  MPI_Group_incl(whole, 2, rank < 2 ? (int[]){0, 1} : (int[]){3, 2}, &part);
  MPI_Comm_create_group(MPI_COMM_WORLD, part, 5, &of_group);
  MPI_Group_free(&whole);
  MPI_Group_free(&part);
  MPI_Info_create(&info);
  MPI_Info_set(info, "cairn_test", "yes");
  MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &with_hints);
  MPI_Info_free(&info);
}

static void finish_parts(void) {
  check_equal("size of the part", all(of_group), 2);
  check_equal("size of the one with hints", all(with_hints), 4);
  MPI_Comm_free(&of_group);
  MPI_Comm_free(&with_hints);
}

static MPI_Comm attributed;
static int copies, deletions;

static int on_copy(MPI_Comm comm, int key, void* extra, void* in, void* out, int* flag) {
  (void)comm, (void)key, (void)extra;
  *(void**)out = in;
  *flag = 1;
  ++copies;
  return MPI_SUCCESS;
}

static int on_delete(MPI_Comm comm, int key, void* value, void* extra) {
  (void)comm, (void)key, (void)value, (void)extra;
  ++deletions;
  return MPI_SUCCESS;
}

static void start_attribute(void) {
  int key;
  attributed = copy_of_world();
  MPI_Comm_create_keyval(on_copy, on_delete, &key, NULL);
  MPI_Comm_set_attr(attributed, key, &copies);
  MPI_Comm_free_keyval(&key);
}

static void finish_attribute(void) {
  MPI_Comm copy;
  MPI_Comm_dup(attributed, &copy);
  MPI_Comm_free(&attributed);
  MPI_Comm_free(&copy);
  check_equal("copies of the attribute", copies, 1);
  check_equal("deletions of the attribute", deletions, 2);
}

static int released;
static int on_query(void* extra, MPI_Status* status) {
  (void)extra, (void)status;
  return MPI_SUCCESS;
}
static int on_free(void* extra) {
  (void)extra;
  ++released;
  return MPI_SUCCESS;
}
static int on_cancel(void* extra, int complete) {
  (void)extra, (void)complete;
  return MPI_SUCCESS;
}

// Of it nothing is left that could keep the job from being checkpointed.
static void start_generalized(void) {
  MPI_Request request, mine;
  MPI_Grequest_start(on_query, on_free, on_cancel, NULL, &request);
  mine = request;
  MPI_Request_free(&request);
  MPI_Grequest_complete(mine);
}

static void finish_generalized(void) { check_equal("calls of the generalized request's free function", released, 1); }

const Row objects[] = {{"duplication of a freed communicator", 0, start_duplicate, finish_duplicate},
                       {"freed group and info object", 0, start_parts, finish_parts},
                       {"freed keyval", 0, start_attribute, finish_attribute},
                       {"generalized request, freed before it is complete", 0, start_generalized, finish_generalized},
                       {NULL, 0, NULL, NULL}};
