! SPDX-License-Identifier: Apache-2.0
! Point to point: all modes, persistent requests, every way to wait, cancelling, probing, buffers.
#include "binding.inc"
module messages
  use binding
  use checks
  use iso_c_binding, only: c_ptr
  implicit none
  private
  public :: messages_make, messages_use, messages_free
  integer, parameter :: modes = 4, buffer_bytes = 65536
  ! Kept over checkpoints: persistent requests and the buffer of buffered sends.
  H_REQUEST :: sends(modes), receives(modes)
  integer, asynchronous :: out(modes), in(modes)
  character, target :: buffer(buffer_bytes)

contains

  subroutine messages_make()
    integer :: i
    call MPI_Buffer_attach(buffer, buffer_bytes, ierr)
    call MPI_Send_init(out(1), 1, MPI_INTEGER, right, 1, MPI_COMM_WORLD, sends(1), ierr)
    call MPI_Bsend_init(out(2), 1, MPI_INTEGER, right, 2, MPI_COMM_WORLD, sends(2), ierr)
    call MPI_Ssend_init(out(3), 1, MPI_INTEGER, right, 3, MPI_COMM_WORLD, sends(3), ierr)
    call MPI_Rsend_init(out(4), 1, MPI_INTEGER, right, 4, MPI_COMM_WORLD, sends(4), ierr)
    do i = 1, modes
      call MPI_Recv_init(in(i), 1, MPI_INTEGER, left, i, MPI_COMM_WORLD, receives(i), ierr)
    end do
  end subroutine

  subroutine messages_use()
    call persistent()
    call blocking()
    call non_blocking()
    call single_tests()
    call cancelled()
    call probed()
    call matched()
    call exchanged()
    call sections()
  end subroutine

  subroutine messages_free()
    integer :: i, bytes
#ifdef BINDING_F08
    type(c_ptr) :: where
#else
    integer(kind=MPI_ADDRESS_KIND) :: where
#endif
    do i = 1, modes
      call MPI_Request_free(sends(i), ierr)
      call MPI_Request_free(receives(i), ierr)
      call check('freed requests are null', sends(i) == MPI_REQUEST_NULL .and. receives(i) == MPI_REQUEST_NULL)
    end do
    call MPI_Buffer_detach(where, bytes, ierr)
    call check('size of the detached buffer', bytes == buffer_bytes)
  end subroutine

  subroutine fill()
    integer :: i
    out = [(100 * rank + i, i = 1, modes)]
    in = -1
  end subroutine

  subroutine arrived(how)
    character(len=*), intent(in) :: how
    integer :: i
    call check(how, all(in == [(100 * left + i, i = 1, modes)]))
  end subroutine

  subroutine persistent()
    STATUSES(modes) :: statuses
    H_REQUEST :: kept(modes)
    integer :: i
    kept = receives
    call fill()
    call MPI_Startall(modes, receives, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    do i = 1, modes
      call MPI_Start(sends(i), ierr)
    end do
    call MPI_Waitall(modes, receives, statuses, ierr)
    call MPI_Waitall(modes, sends, MPI_STATUSES_IGNORE, ierr)
    call arrived('persistent requests')
    do i = 1, modes
      call check('a persistent request stays', receives(i) == kept(i))
      call check('status of a persistent receive', SOURCE_AT(statuses, i) == left .and. TAG_AT(statuses, i) == i)
    end do
  end subroutine

  subroutine post(pending)
    H_REQUEST, intent(out) :: pending(:)
    integer :: i
    call fill()
    do i = 1, modes
      call MPI_Irecv(in(i), 1, MPI_INTEGER, left, i, MPI_COMM_WORLD, pending(i), ierr)
    end do
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
  end subroutine

  subroutine blocking()
    H_REQUEST :: pending(modes)
    STATUSES(modes) :: statuses
    integer :: count
    call post(pending)
    call MPI_Send(out(1), 1, MPI_INTEGER, right, 1, MPI_COMM_WORLD, ierr)
    call MPI_Bsend(out(2), 1, MPI_INTEGER, right, 2, MPI_COMM_WORLD, ierr)
    call MPI_Ssend(out(3), 1, MPI_INTEGER, right, 3, MPI_COMM_WORLD, ierr)
    call MPI_Rsend(out(4), 1, MPI_INTEGER, right, 4, MPI_COMM_WORLD, ierr)
    call MPI_Waitall(modes, pending, statuses, ierr)
    call arrived('blocking sends')
    call MPI_Get_count(ONE_OF(statuses, 4), MPI_INTEGER, count, ierr)
    call check('status of the fourth', SOURCE_AT(statuses, 4) == left .and. TAG_AT(statuses, 4) == 4 .and. count == 1)
  end subroutine

  subroutine non_blocking()
    H_REQUEST :: pending(modes), sent(modes)
    STATUS :: one
    STATUSES(modes) :: some
    integer :: index, done, indices(modes), i, total
    logical :: flag
    call post(pending)
    call MPI_Isend(out(1), 1, MPI_INTEGER, right, 1, MPI_COMM_WORLD, sent(1), ierr)
    call MPI_Ibsend(out(2), 1, MPI_INTEGER, right, 2, MPI_COMM_WORLD, sent(2), ierr)
    call MPI_Issend(out(3), 1, MPI_INTEGER, right, 3, MPI_COMM_WORLD, sent(3), ierr)
    call MPI_Irsend(out(4), 1, MPI_INTEGER, right, 4, MPI_COMM_WORLD, sent(4), ierr)
    call MPI_Waitany(modes, pending, index, one, ierr)
    call check('any: index counts from 1', index >= 1 .and. index <= modes .and. TAG_OF(one) == index)
    flag = .false.
    do while (.not. flag)
      call MPI_Testany(modes, pending, index, flag, one, ierr)
    end do
    call check('any tested', index >= 1 .and. index <= modes .and. TAG_OF(one) == index)
    call MPI_Waitsome(modes, pending, done, indices, some, ierr)
    call check('some', done >= 1 .and. all(indices(1:done) >= 1 .and. indices(1:done) <= modes))
    flag = .true.
    do i = 1, done
      flag = flag .and. TAG_AT(some, i) == indices(i) .and. SOURCE_AT(some, i) == left
    end do
    call check('statuses of some', flag)
    total = done + 2
    do while (total < modes)
      call MPI_Testsome(modes, pending, done, indices, some, ierr)
      total = total + done
    end do
    call MPI_Testsome(modes, pending, done, indices, some, ierr)
    call check('none left', done == MPI_UNDEFINED)
    flag = .false.
    do while (.not. flag)
      call MPI_Testall(modes, sent, flag, some, ierr)
    end do
    call arrived('non-blocking sends')
  end subroutine

  subroutine single_tests()
    H_REQUEST :: pending(modes), forgotten
    STATUS :: one
    logical :: flag
    integer :: i
    call post(pending)
    do i = 1, modes
      call MPI_Isend(out(i), 1, MPI_INTEGER, right, i, MPI_COMM_WORLD, forgotten, ierr)
      call MPI_Request_free(forgotten, ierr)
    end do
    flag = .false.
    do while (.not. flag)
      call MPI_Request_get_status(pending(1), flag, one, ierr)
    end do
    call check('asked without freeing', pending(1) /= MPI_REQUEST_NULL .and. TAG_OF(one) == 1)
    call MPI_Wait(pending(1), MPI_STATUS_IGNORE, ierr)
    flag = .false.
    do while (.not. flag)
      call MPI_Test(pending(2), flag, one, ierr)
    end do
    call check('tested', pending(2) == MPI_REQUEST_NULL .and. TAG_OF(one) == 2)
    call MPI_Wait(pending(3), one, ierr)
    call check('waited', pending(3) == MPI_REQUEST_NULL .and. TAG_OF(one) == 3)
    call MPI_Wait(pending(4), MPI_STATUS_IGNORE, ierr)
    call arrived('single requests')
  end subroutine

  subroutine cancelled()
    H_REQUEST :: pending
    STATUS :: one
    logical :: flag
    call MPI_Irecv(in, 1, MPI_INTEGER, left, 999, MPI_COMM_WORLD, pending, ierr)
    call MPI_Cancel(pending, ierr)
    call MPI_Wait(pending, one, ierr)
    call MPI_Test_cancelled(one, flag, ierr)
    call check('cancelled', flag)
  end subroutine

  subroutine probed()
    H_REQUEST :: pending
    STATUS :: one
    logical :: flag
    integer :: count
    call fill()
    call MPI_Isend(out, modes, MPI_INTEGER, right, 11, MPI_COMM_WORLD, pending, ierr)
    call MPI_Probe(left, MPI_ANY_TAG, MPI_COMM_WORLD, one, ierr)
    call MPI_Get_count(one, MPI_INTEGER, count, ierr)
    call check('probed', count == modes .and. TAG_OF(one) == 11)
    flag = .false.
    do while (.not. flag)
      call MPI_Iprobe(MPI_ANY_SOURCE, 11, MPI_COMM_WORLD, flag, one, ierr)
    end do
    call check('looked for', SOURCE_OF(one) == left)
    call MPI_Recv(in, modes, MPI_INTEGER, left, 11, MPI_COMM_WORLD, one, ierr)
    call MPI_Get_elements(one, MPI_INTEGER, count, ierr)
    call check('elements', count == modes)
    call MPI_Wait(pending, MPI_STATUS_IGNORE, ierr)
    call arrived('received after a probe')
  end subroutine

  subroutine matched()
    H_REQUEST :: pending(2), received
    H_MESSAGE :: message
    STATUS :: one
    logical :: flag
    call fill()
    call MPI_Isend(out(1), 2, MPI_INTEGER, right, 12, MPI_COMM_WORLD, pending(1), ierr)
    call MPI_Isend(out(3), 2, MPI_INTEGER, right, 13, MPI_COMM_WORLD, pending(2), ierr)
    call MPI_Mprobe(left, 12, MPI_COMM_WORLD, message, one, ierr)
    call MPI_Mrecv(in(1), 2, MPI_INTEGER, message, one, ierr)
    call check('message is used up', message == MPI_MESSAGE_NULL .and. TAG_OF(one) == 12)
    flag = .false.
    do while (.not. flag)
      call MPI_Improbe(left, 13, MPI_COMM_WORLD, flag, message, MPI_STATUS_IGNORE, ierr)
    end do
    call MPI_Imrecv(in(3), 2, MPI_INTEGER, message, received, ierr)
    call MPI_Wait(received, one, ierr)
    call check('second message', message == MPI_MESSAGE_NULL .and. TAG_OF(one) == 13)
    call MPI_Waitall(2, pending, MPI_STATUSES_IGNORE, ierr)
    call arrived('matched probes')
    call MPI_Mprobe(MPI_PROC_NULL, 1, MPI_COMM_WORLD, message, one, ierr)
    call check('no process', message == MPI_MESSAGE_NO_PROC .and. SOURCE_OF(one) == MPI_PROC_NULL)
    call MPI_Mrecv(in(1), 1, MPI_INTEGER, message, MPI_STATUS_IGNORE, ierr)
  end subroutine

  subroutine exchanged()
    STATUS :: one
    call fill()
    call MPI_Sendrecv(out, modes, MPI_INTEGER, right, 14, in, modes, MPI_INTEGER, left, 14, MPI_COMM_WORLD, one, ierr)
    call arrived('sent and received')
    in = out
    call MPI_Sendrecv_replace(in, modes, MPI_INTEGER, right, 15, left, 15, MPI_COMM_WORLD, one, ierr)
    call arrived('replaced')
  end subroutine

  ! Every second element, blocking: the compiler hands over a copy. A block without gaps, not blocking.
  subroutine sections()
    integer, asynchronous :: wide(8), narrow(4)
    H_REQUEST :: pending(2)
    integer :: i
    wide = [(1000 * rank + i, i = 1, 8)]
    call MPI_Irecv(narrow, 4, MPI_INTEGER, left, 16, MPI_COMM_WORLD, pending(1), ierr)
    call MPI_Send(wide(1:8:2), 4, MPI_INTEGER, right, 16, MPI_COMM_WORLD, ierr)
    call MPI_Wait(pending(1), MPI_STATUS_IGNORE, ierr)
    call check('every second one', all(narrow == [(1000 * left + i, i = 1, 8, 2)]))
    call MPI_Irecv(wide(5:8), 4, MPI_INTEGER, left, 17, MPI_COMM_WORLD, pending(1), ierr)
    call MPI_Isend(wide(1:4), 4, MPI_INTEGER, right, 17, MPI_COMM_WORLD, pending(2), ierr)
    call MPI_Waitall(2, pending, MPI_STATUSES_IGNORE, ierr)
    call check('a block', all(wide(5:8) == [(1000 * left + i, i = 1, 4)]))
  end subroutine

end module
