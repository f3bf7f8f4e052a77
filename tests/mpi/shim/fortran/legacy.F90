! SPDX-License-Identifier: Apache-2.0
! What was in MPI-1 only, and addresses as integers: not in "use mpi_f08".
#include "binding.inc"
module legacy
  use binding
  use checks
  use iso_c_binding
  implicit none
#ifdef BINDING_F08
end module
#else
  private
  public :: legacy_make, legacy_use, legacy_addresses, legacy_free
  ! Kept over checkpoints.
  integer :: key, comm, handler, type
  integer :: errors = 0, deletions = 0

contains

  subroutine on_error(which, code)
    integer :: which, code
    errors = errors + 1
  end subroutine

  subroutine copy(old, keyval, extra, in, out, flag, ierror)
    integer :: old, keyval, extra, in, out, ierror
    logical :: flag
    if (extra /= 5) call check('extra state', .false.)
    out = in + 1
    flag = .true.
    ierror = MPI_SUCCESS
  end subroutine

  subroutine delete(old, keyval, value, extra, ierror)
    integer :: old, keyval, value, extra, ierror
    deletions = deletions + 1
    ierror = MPI_SUCCESS
  end subroutine

  subroutine legacy_make()
    integer :: places(2), x(6)
    call MPI_Comm_dup(MPI_COMM_WORLD, comm, ierr)
    call MPI_Keyval_create(copy, delete, key, 5, ierr)
    call MPI_Attr_put(comm, key, -17, ierr)
    call MPI_Errhandler_create(on_error, handler, ierr)
    call MPI_Errhandler_set(comm, handler, ierr)
    call MPI_Type_struct(2, [1, 2], [0, 8], [MPI_INTEGER, MPI_INTEGER], type, ierr)
    call MPI_Type_commit(type, ierr)
  end subroutine

  subroutine legacy_use()
    integer :: value, other, now, low, high, extent, made(2)
    logical :: flag
    call MPI_Attr_get(comm, key, value, flag, ierr)
    call check('old attribute', flag .and. value == -17)
    deletions = 0
    call MPI_Comm_dup(comm, other, ierr)
    call MPI_Attr_get(other, key, value, flag, ierr)
    call check('old attribute copied', flag .and. value == -16)
    call MPI_Comm_free(other, ierr)
    call check('old attribute deleted', deletions == 1)
    call MPI_Errhandler_get(comm, now, ierr)
    errors = 0
    call MPI_Bcast(value, 1, MPI_INTEGER, 99, comm, ierr)
    call check('old error handler', now == handler .and. errors == 1)
    call MPI_Errhandler_free(now, ierr)
    call MPI_Type_extent(type, extent, ierr)
    call MPI_Type_lb(type, low, ierr)
    call MPI_Type_ub(type, high, ierr)
    call check('old extent', extent == 16 .and. low == 0 .and. high == 16)
    call MPI_Type_hvector(2, 1, 8, MPI_INTEGER, made(1), ierr)
    call MPI_Type_hindexed(2, [1, 1], [0, 12], MPI_INTEGER, made(2), ierr)
    call MPI_Type_extent(made(1), low, ierr)
    call MPI_Type_extent(made(2), high, ierr)
    call check('old types', low == 12 .and. high == 16)
    call MPI_Type_free(made(1), ierr)
    call MPI_Type_free(made(2), ierr)
  end subroutine

  subroutine legacy_free()
    call MPI_Attr_delete(comm, key, ierr)
    call MPI_Keyval_free(key, ierr)
    call MPI_Errhandler_free(handler, ierr)
    call MPI_Comm_free(comm, ierr)
    call MPI_Type_free(type, ierr)
  end subroutine

  ! MPI_Address answers modulo 2^32: only the difference is told.
  subroutine legacy_addresses()
    integer(kind=address) :: base, size
    integer, target :: x(2)
    integer, pointer :: numbers(:)
    integer :: win, unit, first, second
    type(c_ptr) :: memory
    call MPI_Address(x(1), first, ierr)
    call MPI_Address(x(2), second, ierr)
    call check('old addresses', second - first == 4)
    call MPI_Alloc_mem(64_address, MPI_INFO_NULL, base, ierr)
    call c_f_pointer(transfer(base, memory), numbers, [16])
    numbers = 3
    call MPI_Free_mem(numbers, ierr)
    call MPI_Win_allocate(64_address, 4, MPI_INFO_NULL, MPI_COMM_WORLD, base, win, ierr)
    call check('window at an address', base /= 0)
    call MPI_Win_free(win, ierr)
    call MPI_Win_allocate_shared(64_address, 4, MPI_INFO_NULL, MPI_COMM_WORLD, base, win, ierr)
    call MPI_Win_shared_query(win, rank, size, unit, base, ierr)
    call check('shared window at an address', base /= 0 .and. size == 64)
    call MPI_Win_free(win, ierr)
  end subroutine

end module
#endif
