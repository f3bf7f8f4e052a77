// SPDX-License-Identifier: Apache-2.0
// MPI's functions for local windows (local_window.hpp): the generated wrappers of the one-sided calls end here for a
// window that is the shim's own, and tell its error handler. They give MPI error codes. Outside of any section.
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::shim::local {

int Put(const void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
        MPI_Datatype target_type, MPI_Win win);
int Get(void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
        MPI_Datatype target_type, MPI_Win win);
int Accumulate(const void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
               MPI_Datatype target_type, MPI_Op op, MPI_Win win);
int Get_accumulate(const void* origin, int count, MPI_Datatype type, void* result, int result_count,
                   MPI_Datatype result_type, int target, MPI_Aint displacement, int target_count,
                   MPI_Datatype target_type, MPI_Op op, MPI_Win win);
int Fetch_and_op(const void* origin, void* result, MPI_Datatype type, int target, MPI_Aint displacement, MPI_Op op,
                 MPI_Win win);
int Compare_and_swap(const void* origin, const void* compare, void* result, MPI_Datatype type, int target,
                     MPI_Aint displacement, MPI_Win win);
int Rput(const void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
         MPI_Datatype target_type, MPI_Win win, MPI_Request* request);
int Rget(void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
         MPI_Datatype target_type, MPI_Win win, MPI_Request* request);
int Raccumulate(const void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
                MPI_Datatype target_type, MPI_Op op, MPI_Win win, MPI_Request* request);
int Rget_accumulate(const void* origin, int count, MPI_Datatype type, void* result, int result_count,
                    MPI_Datatype result_type, int target, MPI_Aint displacement, int target_count,
                    MPI_Datatype target_type, MPI_Op op, MPI_Win win, MPI_Request* request);

int Win_fence(int assertion, MPI_Win win);
int Win_post(MPI_Group group, int assertion, MPI_Win win);
int Win_start(MPI_Group group, int assertion, MPI_Win win);
int Win_complete(MPI_Win win);
int Win_wait(MPI_Win win);
int Win_test(MPI_Win win, int* flag);
int Win_lock(int type, int target, int assertion, MPI_Win win);
int Win_lock_all(int assertion, MPI_Win win);
int Win_unlock(int target, MPI_Win win);
int Win_unlock_all(MPI_Win win);
int Win_flush(int target, MPI_Win win);
int Win_flush_all(MPI_Win win);
int Win_flush_local(int target, MPI_Win win);
int Win_flush_local_all(MPI_Win win);
int Win_sync(MPI_Win win);
int Win_attach(MPI_Win win, void* base, MPI_Aint bytes);
int Win_detach(MPI_Win win, const void* base);
int Win_set_info(MPI_Win win, MPI_Info info);

}  // namespace cairn::shim::local
