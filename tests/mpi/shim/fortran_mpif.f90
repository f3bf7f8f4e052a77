! SPDX-License-Identifier: Apache-2.0
! mpif.h: constants, callbacks, attributes, statuses, strings.
module callbacks
  implicit none
  include 'mpif.h'
contains
  subroutine add(in, inout, n, type)
    integer :: n, type
    integer :: in(n), inout(n)
    if (type /= MPI_INTEGER) print *, 'wrong type in operation'
    inout = inout + in
  end subroutine
  subroutine on_error(comm, code)
    integer :: comm, code
    print *, 'handler', comm == MPI_COMM_WORLD, code
  end subroutine
  subroutine copy_old(comm, key, extra, in, out, flag, ierr)
    integer :: comm, key, extra, in, out, ierr
    logical :: flag
    print *, 'copy', extra, in
    out = in + 1
    flag = .true.
    ierr = MPI_SUCCESS
  end subroutine
  subroutine delete_old(comm, key, value, extra, ierr)
    integer :: comm, key, value, extra, ierr
    print *, 'delete', value, extra
    ierr = MPI_SUCCESS
  end subroutine
  subroutine copy_new(comm, key, extra, in, out, flag, ierr)
    integer :: comm, key, ierr
    integer(kind=MPI_ADDRESS_KIND) :: extra, in, out
    logical :: flag
    print *, 'copy new', extra, in
    out = in * 2
    flag = .true.
    ierr = MPI_SUCCESS
  end subroutine
  subroutine delete_new(comm, key, value, extra, ierr)
    integer :: comm, key, ierr
    integer(kind=MPI_ADDRESS_KIND) :: value, extra
    print *, 'delete new', value, extra
    ierr = MPI_SUCCESS
  end subroutine
  subroutine query(extra, status, ierr)
    integer(kind=MPI_ADDRESS_KIND) :: extra
    integer :: status(MPI_STATUS_SIZE), ierr
    status(MPI_SOURCE) = 4
    status(MPI_TAG) = int(extra)
    call MPI_Status_set_elements(status, MPI_INTEGER, 2, ierr)
    call MPI_Status_set_cancelled(status, .false., ierr)
    ierr = MPI_SUCCESS
  end subroutine
  subroutine release(extra, ierr)
    integer(kind=MPI_ADDRESS_KIND) :: extra
    integer :: ierr
    print *, 'release', extra
    ierr = MPI_SUCCESS
  end subroutine
  subroutine cancel(extra, complete, ierr)
    integer(kind=MPI_ADDRESS_KIND) :: extra
    logical :: complete
    integer :: ierr
    ierr = MPI_SUCCESS
  end subroutine
end module

program fortran_mpif
  use callbacks
  implicit none
  integer :: ierr, rank, n, x, y(4), op, comm, key, type, request, status(MPI_STATUS_SIZE), count, handler, length, info, window
  integer(kind=MPI_ADDRESS_KIND) :: value, extra, bytes
  integer, allocatable :: all(:)
  logical :: flag
  character(len=MPI_MAX_OBJECT_NAME) :: name
  character(len=MPI_MAX_ERROR_STRING) :: text
  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, n, ierr)
  allocate(all(n))
  x = rank + 1
  call MPI_Allreduce(MPI_IN_PLACE, x, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
  print *, rank, 'in place', x
  call MPI_Op_create(add, .true., op, ierr)
  call MPI_Allreduce(rank, x, 1, MPI_INTEGER, op, MPI_COMM_WORLD, ierr)
  print *, rank, 'own operation', x
  call MPI_Op_free(op, ierr)
  all = -1
  call MPI_Gather(rank, 1, MPI_INTEGER, all, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
  if (rank == 0) print *, 'gathered', all
  y = [1, 2, 3, 4] + rank
  call MPI_Type_vector(2, 1, 2, MPI_INTEGER, type, ierr)
  call MPI_Type_commit(type, ierr)
  call MPI_Irecv(all, n, MPI_INTEGER, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, request, ierr)
  call MPI_Send(y, 1, type, mod(rank + 1, n), 40 + rank, MPI_COMM_WORLD, ierr)
  call MPI_Wait(request, status, ierr)
  call MPI_Get_count(status, MPI_INTEGER, count, ierr)
  print *, rank, 'received', count, status(MPI_SOURCE), status(MPI_TAG), all(1:2), request == MPI_REQUEST_NULL
  call MPI_Sendrecv(rank, 1, MPI_INTEGER, mod(rank + 1, n), 1, x, 1, MPI_INTEGER, mod(rank + n - 1, n), 1, MPI_COMM_WORLD, &
                    MPI_STATUS_IGNORE, ierr)
  print *, rank, 'status ignored', x
  call MPI_Type_free(type, ierr)
  call MPI_Keyval_create(copy_old, delete_old, key, 5, ierr)
  call MPI_Attr_put(MPI_COMM_WORLD, key, -17, ierr)
  call MPI_Comm_dup(MPI_COMM_WORLD, comm, ierr)
  call MPI_Attr_get(comm, key, x, flag, ierr)
  print *, rank, 'attribute', x, flag
  call MPI_Comm_free(comm, ierr)
  call MPI_Attr_delete(MPI_COMM_WORLD, key, ierr)
  call MPI_Keyval_free(key, ierr)
  extra = 6
  call MPI_Comm_create_keyval(copy_new, delete_new, key, extra, ierr)
  value = 12345678901_MPI_ADDRESS_KIND
  call MPI_Comm_set_attr(MPI_COMM_WORLD, key, value, ierr)
  call MPI_Comm_dup(MPI_COMM_WORLD, comm, ierr)
  call MPI_Comm_get_attr(comm, key, value, flag, ierr)
  print *, rank, 'attribute', value, flag
  call MPI_Comm_free(comm, ierr)
  call MPI_Comm_delete_attr(MPI_COMM_WORLD, key, ierr)
  call MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, value, flag, ierr)
  print *, rank, 'tag_ub', value, flag
  call MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, key, extra, ierr)
  call MPI_Comm_free_keyval(key, ierr)
  call MPI_Comm_create_errhandler(on_error, handler, ierr)
  call MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler, ierr)
  call MPI_Bcast(x, 1, MPI_INTEGER, 99, MPI_COMM_WORLD, ierr)
  call MPI_Error_string(ierr, text, length, ierr)
  print *, rank, text(1:length)
  call MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN, ierr)
  call MPI_Errhandler_free(handler, ierr)
  call MPI_Comm_get_name(MPI_COMM_WORLD, name, length, ierr)
  print *, rank, name(1:length)
  call MPI_Info_create(info, ierr)
  call MPI_Info_set(info, ' key ', ' value ', ierr)
  call MPI_Info_get(info, 'key', 20, text, flag, ierr)
  print *, rank, 'info ', trim(text), flag
  call MPI_Info_free(info, ierr)
  bytes = 16
  call MPI_Win_create(y, bytes, 4, MPI_INFO_NULL, MPI_COMM_WORLD, window, ierr)
  call MPI_Win_fence(0, window, ierr)
  value = 0
  call MPI_Put(rank, 1, MPI_INTEGER, mod(rank + 1, n), value, 1, MPI_INTEGER, window, ierr)
  call MPI_Win_fence(0, window, ierr)
  print *, rank, 'put', y(1)
  call MPI_Win_free(window, ierr)
  extra = 77
  call MPI_Grequest_start(query, release, cancel, extra, request, ierr)
  call MPI_Grequest_complete(request, ierr)
  call MPI_Wait(request, status, ierr)
  call MPI_Get_count(status, MPI_INTEGER, count, ierr)
  print *, rank, 'generalized', count, status(MPI_SOURCE), status(MPI_TAG)
  call MPI_Finalize(ierr)
end program
