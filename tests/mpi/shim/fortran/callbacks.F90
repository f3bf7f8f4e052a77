! SPDX-License-Identifier: Apache-2.0
! Functions of the program that MPI calls: attributes, error handlers, generalized requests.
#include "binding.inc"
module callbacks
  use binding
  use checks
  implicit none
  private
  public :: callbacks_make, callbacks_use, callbacks_requests, callbacks_free
  ! Kept over checkpoints.
  integer :: comm_key, type_key, plain_key
  H_COMM :: comm
  H_DATATYPE :: type
  H_ERRHANDLER :: handler
  H_REQUEST :: pending
  ! What the functions below have seen.
  integer :: errors = 0, last_error = 0, copies = 0, deletions = 0, released = 0, cancelled = 0
  integer(kind=address), parameter :: big = 12345678901_address

contains

  subroutine on_error(which, code)
    H_COMM :: which
    integer :: code
    if (which /= comm) call check('communicator of an error', .false.)
    errors = errors + 1
    last_error = code
  end subroutine

  subroutine copy_comm(old, key, extra, in, out, flag, ierror)
    H_COMM :: old
    integer :: key, ierror
    integer(kind=address) :: extra, in, out
    logical :: flag
    if (extra /= big .or. key /= comm_key) call check('extra state of a copy', .false.)
    copies = copies + 1
    out = in + 1
    flag = .true.
    ierror = MPI_SUCCESS
  end subroutine

  subroutine delete_comm(old, key, value, extra, ierror)
    H_COMM :: old
    integer :: key, ierror
    integer(kind=address) :: value, extra
    deletions = deletions + 1
    ierror = MPI_SUCCESS
  end subroutine

  subroutine copy_type(old, key, extra, in, out, flag, ierror)
    H_DATATYPE :: old
    integer :: key, ierror
    integer(kind=address) :: extra, in, out
    logical :: flag
    copies = copies + 1
    flag = .false.
    ierror = MPI_SUCCESS
  end subroutine

  subroutine delete_type(old, key, value, extra, ierror)
    H_DATATYPE :: old
    integer :: key, ierror
    integer(kind=address) :: value, extra
    deletions = deletions + 1
    ierror = MPI_SUCCESS
  end subroutine

  subroutine query(extra, status_, ierror)
    integer(kind=address) :: extra
    STATUS :: status_
    integer :: ierror
    SOURCE_OF(status_) = 4
    TAG_OF(status_) = int(extra)
    call MPI_Status_set_elements(status_, MPI_INTEGER, 2, ierror)
    call MPI_Status_set_cancelled(status_, cancelled > 0, ierror)
  end subroutine

  subroutine release(extra, ierror)
    integer(kind=address) :: extra
    integer :: ierror
    released = released + 1
    ierror = MPI_SUCCESS
  end subroutine

  subroutine cancel(extra, complete, ierror)
    integer(kind=address) :: extra
    logical :: complete
    integer :: ierror
    if (.not. complete) cancelled = cancelled + 1
    ierror = MPI_SUCCESS
  end subroutine

  subroutine callbacks_make()
    call MPI_Comm_dup(MPI_COMM_WORLD, comm, ierr)
    call MPI_Comm_create_keyval(copy_comm, delete_comm, comm_key, big, ierr)
    call MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, plain_key, 0_address, ierr)
    call MPI_Comm_set_attr(comm, comm_key, big + rank, ierr)
    call MPI_Comm_set_attr(comm, plain_key, -3_address, ierr)
    call MPI_Type_contiguous(2, MPI_REAL, type, ierr)
    call MPI_Type_create_keyval(copy_type, delete_type, type_key, big, ierr)
    call MPI_Type_set_attr(type, type_key, 99_address, ierr)
    call MPI_Comm_create_errhandler(on_error, handler, ierr)
    call MPI_Comm_set_errhandler(comm, handler, ierr)
    call MPI_Grequest_start(query, release, cancel, 79_address, pending, ierr)
  end subroutine

  subroutine callbacks_use()
    call of_communicators()
    call of_types()
    call handled()
    call predefined()
    call not_complete()
  end subroutine

  subroutine not_complete()
    logical :: flag
    call MPI_Test(pending, flag, MPI_STATUS_IGNORE, ierr)
    call check('pending generalized request', .not. flag)
  end subroutine

  subroutine callbacks_free()
    STATUS :: one
    released = 0
    call MPI_Grequest_complete(pending, ierr)
    call MPI_Wait(pending, one, ierr)
    call check('generalized request at the end', TAG_OF(one) == 79 .and. released == 1)
    deletions = 0
    call MPI_Comm_delete_attr(comm, comm_key, ierr)
    call check('deleted attribute', deletions == 1)
    call MPI_Comm_free(comm, ierr)
    call MPI_Type_delete_attr(type, type_key, ierr)
    call check('deleted attribute of a type', deletions == 2)
    call MPI_Type_free(type, ierr)
    call MPI_Comm_free_keyval(comm_key, ierr)
    call MPI_Comm_free_keyval(plain_key, ierr)
    call MPI_Type_free_keyval(type_key, ierr)
    call check('keyval freed', comm_key == MPI_KEYVAL_INVALID .and. type_key == MPI_KEYVAL_INVALID)
    call MPI_Errhandler_free(handler, ierr)
    call check('error handler freed', handler == MPI_ERRHANDLER_NULL)
  end subroutine

  subroutine of_communicators()
    integer(kind=address) :: value
    logical :: flag
    H_COMM :: copy
    call MPI_Comm_get_attr(comm, comm_key, value, flag, ierr)
    call check('attribute', flag .and. value == big + rank)
    copies = 0
    deletions = 0
    call MPI_Comm_dup(comm, copy, ierr)
    call MPI_Comm_get_attr(copy, comm_key, value, flag, ierr)
    call check('copied attribute', flag .and. value == big + rank + 1 .and. copies == 1)
    call MPI_Comm_get_attr(copy, plain_key, value, flag, ierr)
    call check('attribute copied by MPI', flag .and. value == -3)
    call MPI_Comm_free(copy, ierr)
    call check('attribute deleted with its communicator', deletions == 1)
  end subroutine

  subroutine of_types()
    integer(kind=address) :: value
    logical :: flag
    H_DATATYPE :: copy
    copies = 0
    call MPI_Type_get_attr(type, type_key, value, flag, ierr)
    call check('attribute of a type', flag .and. value == 99)
    call MPI_Type_dup(type, copy, ierr)
    call MPI_Type_get_attr(copy, type_key, value, flag, ierr)
    call check('attribute that is not copied', .not. flag .and. copies == 1)
    call MPI_Type_free(copy, ierr)
  end subroutine

  subroutine handled()
    H_ERRHANDLER :: now
    integer :: x, class, code
    errors = 0
    call MPI_Comm_call_errhandler(comm, MPI_ERR_OTHER, ierr)
    call check('error handler called', errors == 1 .and. last_error == MPI_ERR_OTHER)
    call MPI_Bcast(x, 1, MPI_INTEGER, 99, comm, code)
    call MPI_Error_class(code, class, ierr)
    call check('error handler called by MPI', errors == 2 .and. class == MPI_ERR_ROOT)
    call MPI_Comm_get_errhandler(comm, now, ierr)
    call check('error handler', now == handler)
    call MPI_Errhandler_free(now, ierr)
    call MPI_Comm_get_errhandler(MPI_COMM_WORLD, now, ierr)
    call check('default error handler', now == MPI_ERRORS_ARE_FATAL)
  end subroutine

  subroutine predefined()
    integer(kind=address) :: value
    logical :: flag
    call MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, value, flag, ierr)
    call check('largest tag', flag .and. value >= 32767)
    call MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_WTIME_IS_GLOBAL, value, flag, ierr)
    call check('clock', flag .and. (value == 0 .or. value == 1))
    call MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_UNIVERSE_SIZE, value, flag, ierr)
    call MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, value, flag, ierr)
    call check('last error code', flag .and. value >= MPI_ERR_LASTCODE)
  end subroutine

  subroutine callbacks_requests()
    H_REQUEST :: request
    STATUS :: one
    integer :: count
    logical :: flag
    released = 0
    call MPI_Grequest_start(query, release, cancel, 77_address, request, ierr)
    call MPI_Test(request, flag, one, ierr)
    call check('not complete', .not. flag)
    call MPI_Grequest_complete(request, ierr)
    call MPI_Wait(request, one, ierr)
    call MPI_Get_count(one, MPI_INTEGER, count, ierr)
    call MPI_Test_cancelled(one, flag, ierr)
    call check('generalized request', count == 2 .and. SOURCE_OF(one) == 4 .and. TAG_OF(one) == 77 .and. .not. flag)
    call check('generalized request released', released == 1 .and. request == MPI_REQUEST_NULL)
    call MPI_Grequest_start(query, release, cancel, 78_address, request, ierr)
    call MPI_Cancel(request, ierr)
    call MPI_Grequest_complete(request, ierr)
    call MPI_Wait(request, one, ierr)
    call MPI_Test_cancelled(one, flag, ierr)
    call check('generalized request cancelled', flag .and. cancelled == 1)
    cancelled = 0
  end subroutine

end module
