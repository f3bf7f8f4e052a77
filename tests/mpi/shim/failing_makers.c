/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that make communicators, groups, datatypes, windows and files, with inputs that the library refuses. */
#include "failing.h"

static int ranges[1][3] = {{77, 78, 1}};
static MPI_Aint places[2];
static MPI_Comm comm;
static MPI_Group group;
static MPI_Datatype type;

static void communicators(void) {
  MPI_Group all;
  MPI_Comm_group(MPI_COMM_SELF, &all);
  MAKES(MPI_Comm_dup(MPI_COMM_NULL, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_dup_with_info(MPI_COMM_NULL, MPI_INFO_NULL, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_idup(MPI_COMM_NULL, &comm, &request), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_idup(MPI_COMM_NULL, &comm, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Comm_create(MPI_COMM_NULL, all, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_create(MPI_COMM_SELF, MPI_GROUP_NULL, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_create_group(MPI_COMM_NULL, all, 1, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_create_group(MPI_COMM_SELF, MPI_GROUP_NULL, 1, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_create_group(MPI_COMM_SELF, all, -1, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_split(MPI_COMM_NULL, 0, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_split(MPI_COMM_SELF, -5, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_split_type(MPI_COMM_SELF, 99, 0, MPI_INFO_NULL, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_split_type(MPI_COMM_NULL, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Intercomm_create(MPI_COMM_SELF, 0, MPI_COMM_WORLD, 77, 3, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Intercomm_create(MPI_COMM_SELF, 3, MPI_COMM_WORLD, 0, 3, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Intercomm_create(MPI_COMM_NULL, 0, MPI_COMM_WORLD, 0, 3, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Intercomm_merge(MPI_COMM_SELF, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Intercomm_merge(MPI_COMM_NULL, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Cart_create(MPI_COMM_SELF, 2, many, many, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Cart_create(MPI_COMM_SELF, -1, many, many, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Cart_create(MPI_COMM_NULL, 1, one, one, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Cart_sub(MPI_COMM_SELF, one, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Cart_sub(MPI_COMM_NULL, one, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Graph_create(MPI_COMM_SELF, 5, one, one, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Graph_create(MPI_COMM_SELF, -1, one, one, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Graph_create(MPI_COMM_NULL, 1, one, one, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Dist_graph_create(MPI_COMM_NULL, 1, one, one, one, one, MPI_INFO_NULL, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Dist_graph_create(MPI_COMM_SELF, 1, far, one, far, one, MPI_INFO_NULL, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Dist_graph_create(MPI_COMM_SELF, -1, far, one, far, one, MPI_INFO_NULL, 0, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Dist_graph_create_adjacent(MPI_COMM_SELF, -1, one, one, 0, one, one, MPI_INFO_NULL, 0, &comm), comm,
        MPI_COMM_NULL);
  MAKES(MPI_Dist_graph_create_adjacent(MPI_COMM_SELF, 1, far, one, 0, far, one, MPI_INFO_NULL, 0, &comm), comm,
        MPI_COMM_NULL);
  MAKES(MPI_Dist_graph_create_adjacent(MPI_COMM_NULL, 0, one, one, 0, one, one, MPI_INFO_NULL, 0, &comm), comm,
        MPI_COMM_NULL);
  MPI_Group_free(&all);
}

static void other_jobs(void) {
  int codes[1] = {-4242};
  char *program[] = {NULL}, *argv[] = {NULL};
  int counts[] = {1};
  MPI_Info infos[] = {MPI_INFO_NULL};
  MAKES(MPI_Comm_connect("nonsense", MPI_INFO_NULL, 0, MPI_COMM_NULL, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_connect("nonsense", MPI_INFO_NULL, 7, MPI_COMM_SELF, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_connect("nonsense", MPI_INFO_NULL, 0, MPI_COMM_SELF, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_accept("nonsense", MPI_INFO_NULL, 0, MPI_COMM_NULL, &comm), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_spawn("x", MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_NULL, &comm, codes), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_spawn("x", MPI_ARGV_NULL, 1, MPI_INFO_NULL, 7, MPI_COMM_SELF, &comm, codes), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_spawn("x", MPI_ARGV_NULL, -1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &comm, codes), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_spawn(NULL, MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &comm, codes), comm, MPI_COMM_NULL);
  MAKES(MPI_Comm_spawn_multiple(1, program, MPI_ARGVS_NULL, counts, infos, 0, MPI_COMM_NULL, &comm, codes), comm,
        MPI_COMM_NULL);
  MAKES(MPI_Comm_spawn_multiple(1, program, MPI_ARGVS_NULL, counts, infos, 7, MPI_COMM_SELF, &comm, codes), comm,
        MPI_COMM_NULL);
  MAKES(MPI_Comm_spawn_multiple(1, NULL, MPI_ARGVS_NULL, counts, infos, 0, MPI_COMM_SELF, &comm, codes), comm,
        MPI_COMM_NULL);
  say("code %d", codes[0]);
}

static void groups(void) {
  MPI_Group all;
  MPI_Comm_group(MPI_COMM_SELF, &all);
  MAKES(MPI_Comm_group(MPI_COMM_NULL, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Comm_remote_group(MPI_COMM_NULL, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Comm_remote_group(MPI_COMM_SELF, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Win_get_group(MPI_WIN_NULL, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_File_get_group(MPI_FILE_NULL, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_incl(MPI_GROUP_NULL, 1, one, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_incl(all, 1, far, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_incl(all, 2, one, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_excl(MPI_GROUP_NULL, 1, one, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_excl(all, 1, far, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_range_incl(MPI_GROUP_NULL, 1, ranges, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_range_incl(all, 1, ranges, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_range_excl(MPI_GROUP_NULL, 1, ranges, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_range_excl(all, 1, ranges, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_union(MPI_GROUP_NULL, all, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_intersection(all, MPI_GROUP_NULL, &group), group, MPI_GROUP_NULL);
  MAKES(MPI_Group_difference(MPI_GROUP_NULL, all, &group), group, MPI_GROUP_NULL);
  MPI_Group_free(&all);
}

static void datatypes(void) {
  const int gsizes[2] = {4, 4}, subsizes[2] = {9, 9}, starts[2] = {0, 0}, distributions[2] = {99, 99};
  MPI_Datatype bad[2] = {MPI_DATATYPE_NULL, MPI_DATATYPE_NULL}, good[2] = {MPI_INT, MPI_INT};
  MAKES(MPI_Type_contiguous(-1, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_contiguous(1, MPI_DATATYPE_NULL, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_vector(-1, 1, 1, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_vector(1, -1, 1, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_vector(1, 1, 1, MPI_DATATYPE_NULL, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_hvector(-1, 1, 1, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_hvector(1, 1, 1, MPI_DATATYPE_NULL, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_indexed(-1, one, one, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_indexed(1, negative, one, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_indexed(1, one, one, MPI_DATATYPE_NULL, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_hindexed(-1, one, places, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_hindexed(1, negative, places, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_indexed_block(-1, 1, one, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_indexed_block(1, -1, one, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_hindexed_block(-1, 1, places, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_hindexed_block(1, -1, places, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_struct(-1, one, places, good, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_struct(2, negative, places, good, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_struct(2, one, places, bad, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_subarray(2, gsizes, subsizes, starts, MPI_ORDER_C, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_subarray(2, gsizes, one, starts, 99, MPI_INT, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_subarray(2, gsizes, one, starts, MPI_ORDER_C, MPI_DATATYPE_NULL, &type), type,
        MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_darray(1, 0, 2, gsizes, distributions, negative, one, MPI_ORDER_C, MPI_INT, &type), type,
        MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_darray(1, 7, 2, gsizes, distributions, one, one, MPI_ORDER_C, MPI_INT, &type), type,
        MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_resized(MPI_DATATYPE_NULL, 0, 4, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_dup(MPI_DATATYPE_NULL, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_f90_real(500, MPI_UNDEFINED, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_f90_real(MPI_UNDEFINED, MPI_UNDEFINED, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_f90_complex(500, MPI_UNDEFINED, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_f90_complex(MPI_UNDEFINED, MPI_UNDEFINED, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_create_f90_integer(500, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_match_size(99, 4, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_match_size(MPI_TYPECLASS_REAL, 3, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_match_size(MPI_TYPECLASS_INTEGER, 3, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_match_size(MPI_TYPECLASS_COMPLEX, 3, &type), type, MPI_DATATYPE_NULL);
  int i = -4242;
  MPI_Aint a = -4242;
  MAKES(MPI_Type_get_contents(MPI_INT, 1, 1, 1, &i, &a, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_get_contents(MPI_DATATYPE_NULL, 1, 1, 1, &i, &a, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_get_contents(MPI_INT, 1, 1, 1, NULL, &a, &type), type, MPI_DATATYPE_NULL);
  MPI_Datatype pair;
  MPI_Type_contiguous(2, MPI_INT, &pair);
  MAKES(MPI_Type_get_contents(pair, 0, 0, 0, &i, &a, &type), type, MPI_DATATYPE_NULL);
  MAKES(MPI_Type_get_contents(pair, -1, 1, 1, &i, &a, &type), type, MPI_DATATYPE_NULL);
  MPI_Type_free(&pair);
  say("contents %d %ld", i, (long)a);
  MPI_Datatype etype, filetype;
  MPI_Offset at;
  char representation[MPI_MAX_DATAREP_STRING] = "as it was";
  MAKES(MPI_File_get_view(MPI_FILE_NULL, &at, &etype, &filetype, representation), etype, MPI_DATATYPE_NULL);
  MAKES(MPI_File_get_view(MPI_FILE_NULL, &at, &etype, &filetype, representation), filetype, MPI_DATATYPE_NULL);
  say("representation %s", representation);
}
static void windows(void) {
  MPI_Win win;
  void *base = NULL;
  MAKES(MPI_Win_create(data, 8, -1, MPI_INFO_NULL, MPI_COMM_SELF, &win), win, MPI_WIN_NULL);
  MAKES(MPI_Win_create(data, -8, 1, MPI_INFO_NULL, MPI_COMM_SELF, &win), win, MPI_WIN_NULL);
  MAKES(MPI_Win_create(data, 8, 1, MPI_INFO_NULL, MPI_COMM_NULL, &win), win, MPI_WIN_NULL);
  MAKES(MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_NULL, &win), win, MPI_WIN_NULL);
  MAKES(MPI_Win_allocate(8, -1, MPI_INFO_NULL, MPI_COMM_SELF, &base, &win), win, MPI_WIN_NULL);
  MAKES(MPI_Win_allocate(8, 1, MPI_INFO_NULL, MPI_COMM_NULL, &base, &win), win, MPI_WIN_NULL);
  MAKES(MPI_Win_allocate_shared(8, -1, MPI_INFO_NULL, MPI_COMM_SELF, &base, &win), win, MPI_WIN_NULL);
  MAKES(MPI_Win_allocate_shared(8, 1, MPI_INFO_NULL, MPI_COMM_NULL, &base, &win), win, MPI_WIN_NULL);
  say("base %d", base == NULL);
}

static void files(void) {
  MPI_File file;
  const int all = MPI_MODE_RDONLY;
  MAKES(MPI_File_open(MPI_COMM_SELF, "is/not/there", all, MPI_INFO_NULL, &file), file, MPI_FILE_NULL);
  MAKES(MPI_File_open(MPI_COMM_WORLD, "is/not/there", all, MPI_INFO_NULL, &file), file, MPI_FILE_NULL);
  MAKES(MPI_File_open(MPI_COMM_SELF, "is/not/there", 0, MPI_INFO_NULL, &file), file, MPI_FILE_NULL);
  MAKES(MPI_File_open(MPI_COMM_SELF, "x", MPI_MODE_RDONLY | MPI_MODE_WRONLY, MPI_INFO_NULL, &file), file,
        MPI_FILE_NULL);
  MAKES(MPI_File_open(MPI_COMM_NULL, "is/not/there", all, MPI_INFO_NULL, &file), file, MPI_FILE_NULL);
  COUNTS(MPI_File_get_amode(MPI_FILE_NULL, &n));
  COUNTS(MPI_File_get_atomicity(MPI_FILE_NULL, &n));
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  communicators();
  other_jobs();
  groups();
  datatypes();
  windows();
  files();
  MPI_Finalize();
  return 0;
}
