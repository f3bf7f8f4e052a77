/* SPDX-License-Identifier: Apache-2.0 */
/* Calls with one wrong argument each (generate.py), one after the other on one process: which class their error has,
 * and which error handlers are called with it. compare.sh runs it with the real library and hosted.
 *
 * program FROM begins with that call and tells the number of each on the standard output before it is made: so
 * find_omitted.py finds those that crash or wait for ever. */
#include "../say.h"

struct wrong_call {
  const char *what;
  int (*make)(void);
};

static MPI_Comm self, cart, graph, spread;
static MPI_Group group;
static MPI_Info info;
static MPI_File file, read_only;
static MPI_Win window;
static MPI_Datatype uncommitted, types[4], null_types[4], types_out[4];
static MPI_Errhandler of_file;
static MPI_Request request_null, requests[4];
static MPI_Status status;
static char bytes[4096], more_bytes[4096], text[4096], long_text[4096];
static int number, ones[8] = {1, 1, 1, 1, 1, 1, 1, 1}, negatives[8] = {-3, -3, -3, -3, -3, -3, -3, -3}, room[64];
static MPI_Aint address, addresses[4], addresses_out[64];
static MPI_Count big_number;
static MPI_Offset offset;
static union { void *handle; } made;
static char heard[64];

static void some_function(void) {}

static void hear(char who, int code) {
  const size_t n = strlen(heard);
  int class = -1;
  MPI_Error_class(code, &class);
  if (n + 8 < sizeof heard) snprintf(heard + n, sizeof heard - n, " %c%d", who, class);
}
static void by_world(MPI_Comm *of, int *code, ...) { hear(*of == MPI_COMM_WORLD ? 'w' : '?', *code); }
static void by_comm(MPI_Comm *of, int *code, ...) {
  hear(*of == self ? 's' : *of == cart ? 'c' : *of == graph ? 'g' : *of == spread ? 'd' : '?', *code);
}
static void by_window(MPI_Win *of, int *code, ...) { hear(*of == window ? 'o' : '?', *code); }
static void by_file(MPI_File *of, int *code, ...) {
  hear(*of == file ? 'f' : *of == read_only ? 'r' : *of == MPI_FILE_NULL ? 'n' : '?', *code);
}

#include "wrong_calls.inc"

static void handlers(void) {
  MPI_Errhandler handler;
  MPI_Comm_create_errhandler(by_world, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
  MPI_Comm_create_errhandler(by_comm, &handler);
  MPI_Comm *const comms[] = {&self, &cart, &graph, &spread};
  for (int i = 0; i < 4; i++) MPI_Comm_set_errhandler(*comms[i], handler);
  MPI_Win_create_errhandler(by_window, &handler);
  MPI_Win_set_errhandler(window, handler);
  MPI_File_create_errhandler(by_file, &of_file);
  MPI_File_set_errhandler(file, of_file);
  MPI_File_set_errhandler(read_only, of_file);
  MPI_File_set_errhandler(MPI_FILE_NULL, of_file);
}

static void objects(void) {
  static int here[1], once[1] = {1};
  void *memory;
  const char *directory = getenv("SAY_DIRECTORY");
  char path[512];
  snprintf(path, sizeof path, "%s/../wrong_arguments.data", directory != NULL ? directory : ".");
  MPI_Comm_dup(MPI_COMM_SELF, &self);
  MPI_Cart_create(MPI_COMM_SELF, 1, once, once, 0, &cart);
  MPI_Graph_create(MPI_COMM_SELF, 1, once, here, 0, &graph);
  MPI_Dist_graph_create_adjacent(MPI_COMM_SELF, 1, here, once, 1, here, once, MPI_INFO_NULL, 0, &spread);
  MPI_Comm_group(MPI_COMM_SELF, &group);
  MPI_Info_create(&info);
  MPI_Type_contiguous(2, MPI_INT, &uncommitted);
  MPI_Win_allocate(256, 1, MPI_INFO_NULL, MPI_COMM_SELF, &memory, &window);
  MPI_Win_lock_all(0, window);
  MPI_File_open(MPI_COMM_SELF, path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
  MPI_File_open(MPI_COMM_SELF, path, MPI_MODE_RDONLY, MPI_INFO_NULL, &read_only);
  request_null = MPI_REQUEST_NULL;
  for (int i = 0; i < 4; i++) {
    requests[i] = MPI_REQUEST_NULL;
    types[i] = MPI_INT;
    null_types[i] = MPI_DATATYPE_NULL;
  }
  strcpy(text, "text");
  memset(long_text, 'l', sizeof long_text - 1);
}

static void make(const struct wrong_call *call) {
  int class = -1, flag;
  heard[0] = '\0';
  const int code = call->make();
  MPI_Iprobe(0, 0, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE); /* what has been begun goes on */
  if (MPI_Error_class(code, &class) != MPI_SUCCESS) class = code;
  say("%s: class %d,%s", call->what, class, heard[0] != '\0' ? heard : " nobody is told");
}

int main(int argc, char **argv) {
  const int all = (int)(sizeof calls / sizeof *calls);
  const int searched = argc > 1;
  MPI_Init(&argc, &argv);
  objects();
  handlers();
  for (int i = searched ? atoi(argv[1]) : 0; i < all; i++) {
    if (searched) printf("%d\t%s\n", i, calls[i].what), fflush(stdout);
    if (searched) alarm(10);
    make(&calls[i]);
  }
  if (searched) printf("%d\tend\n", all);
  say("all %d", all);
  fflush(NULL);
  _exit(0);
}
