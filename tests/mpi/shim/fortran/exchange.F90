! SPDX-License-Identifier: Apache-2.0
! Handles that go from Fortran to C and back (handles.c).
#include "binding.inc"
module exchange
  use binding
  use checks
  use iso_c_binding
  implicit none
  private
  public :: exchange_make, exchange_use, exchange_once, exchange_free
  ! Kept over checkpoints, here and in C.
  H_COMM :: comm
  H_GROUP :: group
  H_DATATYPE :: pair
  H_OP :: op
  H_INFO :: info
  H_ERRHANDLER :: handler

  interface
    subroutine c_keep(given) bind(c)
      integer, intent(in) :: given(*)
    end subroutine
    integer function c_same(given) bind(c)
      integer, intent(in) :: given(*)
    end function
    subroutine c_reduce(from, to) bind(c)
      integer :: from(*), to(*)
    end subroutine
    subroutine c_make(made) bind(c)
      integer :: made(*)
    end subroutine
    subroutine c_wait(count, requests, statuses) bind(c)
      integer, value :: count
      integer :: requests(*), statuses(*)
    end subroutine
    integer function c_receive(where, source, tag) bind(c)
      integer, asynchronous :: where
      integer, value :: source, tag
    end function
    integer function c_source(status) bind(c)
      integer, intent(in) :: status(*)
    end function
    integer function c_receive_matched(message) bind(c)
      integer, value :: message
    end function
    integer function c_window_size(win) bind(c)
      integer, value :: win
    end function
    integer function c_file_mode(file) bind(c)
      integer, value :: file
    end function
    integer function c_predefined(given) bind(c)
      integer, intent(in) :: given(*)
    end function
  end interface

contains

#ifdef BINDING_F08
  subroutine add_pairs(given, sums, length, type)
    type(c_ptr), value :: given, sums
    integer :: length
    type(MPI_Datatype) :: type
    integer, pointer :: a(:), b(:)
    call c_f_pointer(given, a, [2 * length])
    call c_f_pointer(sums, b, [2 * length])
#else
  subroutine add_pairs(a, b, length, type)
    integer :: length, type
    integer :: a(2 * length), b(2 * length)
#endif
    if (type /= pair) call check('type that an operation is given by C', .false.)
    b = b + a
  end subroutine

  subroutine on_error(which, code)
    H_COMM :: which
    integer :: code
    call check('no errors here', .false.)
  end subroutine

  function integers() result(given)
    integer :: given(6)
    given = [INTEGER_OF(comm), INTEGER_OF(group), INTEGER_OF(pair), INTEGER_OF(op), INTEGER_OF(info), INTEGER_OF(handler)]
  end function

  subroutine exchange_make()
    call MPI_Comm_dup(MPI_COMM_WORLD, comm, ierr)
    call MPI_Comm_group(comm, group, ierr)
    call MPI_Type_contiguous(2, MPI_INTEGER, pair, ierr)
    call MPI_Type_commit(pair, ierr)
    call MPI_Op_create(add_pairs, .true., op, ierr)
    call MPI_Info_create(info, ierr)
    call MPI_Comm_create_errhandler(on_error, handler, ierr)
    call c_keep(integers())
  end subroutine

  subroutine exchange_use()
    integer :: from(2), to(2)
    call check('the same handles in C', c_same(integers()) == 1)
    from = [rank, 1]
    call c_reduce(from, to)
    call check('reduced in C', to(1) == n * (n - 1) / 2 .and. to(2) == n)
    call predefined()
    call made_in_c()
    call requests()
    call matched()
  end subroutine

  subroutine exchange_free()
    call MPI_Comm_free(comm, ierr)
    call MPI_Group_free(group, ierr)
    call MPI_Type_free(pair, ierr)
    call MPI_Op_free(op, ierr)
    call MPI_Info_free(info, ierr)
    call MPI_Errhandler_free(handler, ierr)
  end subroutine

  subroutine predefined()
    call check('predefined handles in C', c_predefined([INTEGER_OF(MPI_COMM_WORLD), INTEGER_OF(MPI_COMM_NULL), &
                                                        INTEGER_OF(MPI_INTEGER), INTEGER_OF(MPI_SUM), &
                                                        INTEGER_OF(MPI_GROUP_EMPTY), INTEGER_OF(MPI_REQUEST_NULL), &
                                                        INTEGER_OF(MPI_INFO_NULL), INTEGER_OF(MPI_ERRORS_RETURN), &
                                                        INTEGER_OF(MPI_MESSAGE_NULL)]) == 1)
  end subroutine

  subroutine made_in_c()
    integer :: made(4), size
    H_COMM :: new_comm
    H_GROUP :: new_group
    H_DATATYPE :: new_type
    H_INFO :: new_info
    character(len=10) :: text
    logical :: there
    call c_make(made)
    INTEGER_OF(new_comm) = made(1)
    INTEGER_OF(new_group) = made(2)
    INTEGER_OF(new_type) = made(3)
    INTEGER_OF(new_info) = made(4)
    call MPI_Comm_size(new_comm, size, ierr)
    call check('communicator made in C', size == n)
    call MPI_Group_size(new_group, size, ierr)
    call check('group made in C', size == n)
    call MPI_Type_size(new_type, size, ierr)
    call check('type made in C', size == 12)
    call MPI_Info_get(new_info, 'made', len(text), text, there, ierr)
    call check('info made in C', there .and. text == 'in C')
    call MPI_Comm_free(new_comm, ierr)
    call MPI_Group_free(new_group, ierr)
    call MPI_Type_free(new_type, ierr)
    call MPI_Info_free(new_info, ierr)
  end subroutine

  subroutine requests()
    H_REQUEST :: pending(2), received
    STATUS :: one
    integer, asynchronous :: out, in
    integer :: both(2), statuses(MPI_STATUS_SIZE, 2)
    out = 10 * rank
    call MPI_Irecv(in, 1, MPI_INTEGER, left, 21, comm, pending(1), ierr)
    call MPI_Isend(out, 1, MPI_INTEGER, right, 21, comm, pending(2), ierr)
    both = [INTEGER_OF(pending(1)), INTEGER_OF(pending(2))]
    call c_wait(2, both, statuses)
    call check('waited for in C', in == 10 * left .and. all(both == INTEGER_OF(MPI_REQUEST_NULL)))
    call check('status from C', statuses(1, 1) == left .and. c_source(statuses(:, 1)) == left)
    INTEGER_OF(received) = c_receive(in, left, 22)
    call MPI_Send(out, 1, MPI_INTEGER, right, 22, comm, ierr)
    call MPI_Wait(received, one, ierr)
    call check('begun in C', TAG_OF(one) == 22 .and. received == MPI_REQUEST_NULL)
  end subroutine

  subroutine matched()
    H_MESSAGE :: message
    H_REQUEST :: pending
    integer, asynchronous :: out
    out = 7 * rank
    call MPI_Isend(out, 1, MPI_INTEGER, right, 23, comm, pending, ierr)
    call MPI_Mprobe(left, 23, comm, message, MPI_STATUS_IGNORE, ierr)
    call check('matched here, received in C', c_receive_matched(INTEGER_OF(message)) == 7 * left)
    call MPI_Wait(pending, MPI_STATUS_IGNORE, ierr)
  end subroutine

  ! A checkpoint waits for windows and files to be gone, or is refused.
  subroutine exchange_once()
    H_WIN :: win
    H_FILE :: file
    integer :: memory(2)
    call MPI_Win_create(memory, 8_address, 4, MPI_INFO_NULL, comm, win, ierr)
    call check('window in C', c_window_size(INTEGER_OF(win)) == 8)
    call MPI_Win_free(win, ierr)
    call MPI_File_open(MPI_COMM_SELF, '/dev/null', MPI_MODE_RDONLY, MPI_INFO_NULL, file, ierr)
    call check('file in C', c_file_mode(INTEGER_OF(file)) == MPI_MODE_RDONLY)
    call MPI_File_close(file, ierr)
  end subroutine

end module
