/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest's MPI shim tells its host about the state of MPI, so that a restarted host can bring the real
 * library into the same state: table->service("cairn.mpi.state", CAIRN_MPI_STATE_VERSION). All functions are H
 * (core/abi/host_table.h), never fail, and never block but where they say so. The pointer is fetched anew after a
 * restart.
 */
#ifndef CAIRN_MPI_ABI_MPI_STATE_H
#define CAIRN_MPI_ABI_MPI_STATE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAIRN_MPI_STATE_SERVICE "cairn.mpi.state"
#define CAIRN_MPI_STATE_VERSION 1u

/* What the kernel calls the shared memory of windows, which a restart keeps for window_memory(). */
#define CAIRN_MPI_WINDOW_MEMORY "cairn-window"
/* ... and that which several ranks have mapped, before a number in hexadecimal: after a restart it is one again. */
#define CAIRN_MPI_COMMON_MEMORY "cairn-window-of-all-"

struct cairn_mpi_state {
  uint32_t version;
  uint32_t size;
  /* The real MPI_Init(_thread) has returned. `required` is the level asked of it, `provided` what it gave. After a
   * restart the host has already called MPI_Init_thread(required). */
  void (*initialized)(int32_t required, int32_t provided);
  /* The real MPI_Finalize has returned: a restarted host must not initialise MPI again. */
  void (*finalized)(void);
  /* Older hosts do not have what follows: see `size`.
   * A file that the program has open through MPI, by its absolute path: a checkpoint says what it was like, a restart
   * compares. Told anew before each cut; null: forget all. */
  void (*open_file)(const char* path, int32_t written);
  /* Where a file of the saved job is after this restart (--relocate): writes the path with its final zero if that is
   * at most `capacity` bytes long. The length of the path. */
  uint64_t (*place_of)(const char* path, char* place, uint64_t capacity);
  /* Older hosts do not have what follows: see `size`.
   * Shared memory of a window that begins at `start`, after a restart: this process's descriptor of it, by which other
   * processes can open it, or -1. The host has it until it is told to forget it. */
  int32_t (*window_memory)(const void* start);
  void (*forget_window_memory)(const void* start);
  /* Of this request, before the guest stands: does any rank of the job have memory in common with others? Said by all
   * ranks alike. Then all stand before the first is captured, and until the last has written what they have in common.
   */
  void (*common_memory)(int32_t exists);
  /* Which file that is which open_file() has told last: a checkpoint fails if it is not at its path any more. */
  void (*open_file_is)(uint64_t device, uint64_t inode);
  /* The real MPI_Init(_thread) is about to be called. May take long. */
  void (*about_to_initialize)(void);
};

#ifdef __cplusplus
}
#endif
#endif
