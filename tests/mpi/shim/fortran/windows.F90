! SPDX-License-Identifier: Apache-2.0
! Windows of every kind, with every operation and synchronisation, attributes and error handlers.
#include "binding.inc"
module windows
  use binding
  use checks
  use iso_c_binding
  implicit none
  private
  public :: windows_all
  integer, asynchronous, target :: shown(4), mine(4)
  integer(kind=address), parameter :: first = 0, second = 1, bytes = 16
  integer :: key, copies = 0, errors = 0

contains

  subroutine windows_all()
    H_WIN :: win
    call MPI_Win_create(shown, bytes, 4, MPI_INFO_NULL, MPI_COMM_WORLD, win, ierr)
    call fenced(win)
    call accumulated(win)
    call locked(win)
    call requested(win)
    call started(win)
    call described(win)
    call attributes(win)
    call handled(win)
    call MPI_Win_free(win, ierr)
    call check('window freed', win == MPI_WIN_NULL)
    call allocated()
    call shared()
    call dynamic()
  end subroutine

  subroutine fenced(win)
    H_WIN, intent(in) :: win
    shown = rank
    mine = 10 * rank
    call MPI_Win_fence(MPI_MODE_NOPRECEDE, win, ierr)
    call MPI_Put(mine, 1, MPI_INTEGER, right, first, 1, MPI_INTEGER, win, ierr)
    call MPI_Win_fence(0, win, ierr)
    call check('put', shown(1) == 10 * left)
    call MPI_Get(mine, 1, MPI_INTEGER, right, second, 1, MPI_INTEGER, win, ierr)
    call MPI_Win_fence(MPI_MODE_NOSUCCEED, win, ierr)
    call check('got', mine(1) == right)
  end subroutine

  subroutine accumulated(win)
    H_WIN, intent(in) :: win
    integer, asynchronous :: before, one, compared
    shown = 0
    mine = 1
    one = 5
    compared = 5
    before = -1
    call MPI_Win_fence(0, win, ierr)
    call MPI_Accumulate(mine, 2, MPI_INTEGER, right, first, 2, MPI_INTEGER, MPI_SUM, win, ierr)
    call MPI_Win_fence(0, win, ierr)
    call check('accumulated', all(shown == [1, 1, 0, 0]))
    call MPI_Win_fence(0, win, ierr)
    call MPI_Get_accumulate(mine, 1, MPI_INTEGER, before, 1, MPI_INTEGER, right, second, 1, MPI_INTEGER, MPI_SUM, win, ierr)
    call MPI_Win_fence(0, win, ierr)
    call check('got and accumulated', before == 1 .and. shown(2) == 2)
    call MPI_Win_fence(MPI_MODE_NOSUCCEED, win, ierr)
    call MPI_Win_lock(MPI_LOCK_EXCLUSIVE, right, 0, win, ierr)
    call MPI_Fetch_and_op(one, before, MPI_INTEGER, right, 2_address, MPI_REPLACE, win, ierr)
    call MPI_Win_flush(right, win, ierr)
    call check('fetched', before == 0)
    one = 8
    call MPI_Compare_and_swap(one, compared, before, MPI_INTEGER, right, 2_address, win, ierr)
    call MPI_Win_unlock(right, win, ierr)
    call check('compared', before == 5)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    call MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win, ierr)
    call check('swapped', shown(3) == 8)
    call MPI_Win_unlock(rank, win, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
  end subroutine

  subroutine locked(win)
    H_WIN, intent(in) :: win
    mine = 20 + rank
    call MPI_Win_lock_all(0, win, ierr)
    call MPI_Put(mine, 1, MPI_INTEGER, right, first, 1, MPI_INTEGER, win, ierr)
    call MPI_Win_flush_local(right, win, ierr)
    call MPI_Win_flush_local_all(win, ierr)
    call MPI_Win_flush_all(win, ierr)
    call MPI_Win_sync(win, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    call MPI_Win_sync(win, ierr)
    call check('put under a lock', shown(1) == 20 + left)
    call MPI_Win_unlock_all(win, ierr)
  end subroutine

  subroutine requested(win)
    H_WIN, intent(in) :: win
    H_REQUEST :: request
    integer, asynchronous :: before
    shown = 0
    mine = 3
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    call MPI_Win_lock_all(0, win, ierr)
    call MPI_Rput(mine, 1, MPI_INTEGER, right, first, 1, MPI_INTEGER, win, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_Win_flush(right, win, ierr)
    call MPI_Raccumulate(mine, 1, MPI_INTEGER, right, first, 1, MPI_INTEGER, MPI_SUM, win, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_Win_flush(right, win, ierr)
    call MPI_Rget_accumulate(mine, 1, MPI_INTEGER, before, 1, MPI_INTEGER, right, first, 1, MPI_INTEGER, MPI_SUM, win, request, &
                             ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_Win_flush(right, win, ierr)
    call check('got before it was accumulated', before == 6)
    call MPI_Rget(mine, 1, MPI_INTEGER, right, first, 1, MPI_INTEGER, win, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call check('got by a request', mine(1) == 9)
    call MPI_Win_unlock_all(win, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
  end subroutine

  subroutine started(win)
    H_WIN, intent(in) :: win
    H_GROUP :: world, to, from
    logical :: flag
    integer :: turn
    call MPI_Comm_group(MPI_COMM_WORLD, world, ierr)
    call MPI_Group_incl(world, 1, [right], to, ierr)
    call MPI_Group_incl(world, 1, [left], from, ierr)
    do turn = 1, 2
      mine = 30 * turn + rank
      call MPI_Win_post(from, 0, win, ierr)
      call MPI_Win_start(to, 0, win, ierr)
      call MPI_Put(mine, 1, MPI_INTEGER, right, first, 1, MPI_INTEGER, win, ierr)
      call MPI_Win_complete(win, ierr)
      if (turn == 1) then
        call MPI_Win_wait(win, ierr)
      else
        flag = .false.
        do while (.not. flag)
          call MPI_Win_test(win, flag, ierr)
        end do
      end if
      call check('put between post and wait', shown(1) == 30 * turn + left)
    end do
    call MPI_Group_free(to, ierr)
    call MPI_Group_free(from, ierr)
    call MPI_Group_free(world, ierr)
  end subroutine

  subroutine described(win)
    H_WIN, intent(in) :: win
    H_GROUP :: group
    H_INFO :: info
    character(len=MPI_MAX_OBJECT_NAME) :: name
    integer :: size, length
    call MPI_Win_get_group(win, group, ierr)
    call MPI_Group_size(group, size, ierr)
    call check('group of a window', size == n)
    call MPI_Group_free(group, ierr)
    call MPI_Win_set_name(win, 'pane', ierr)
    call MPI_Win_get_name(win, name, length, ierr)
    ! Open MPI 4.1.4 hands over one character only with "use mpi_f08".
    call check('name of a window', name(1:1) == 'p' .and. length == 4)
#ifndef BINDING_F08
    call check('whole name of a window', name == 'pane')
#endif
    call MPI_Info_create(info, ierr)
    call MPI_Win_set_info(win, info, ierr)
    call MPI_Info_free(info, ierr)
    call MPI_Win_get_info(win, info, ierr)
    call check('hints of a window', info /= MPI_INFO_NULL)
    call MPI_Info_free(info, ierr)
  end subroutine

  subroutine delete_win(win, keyval, value, extra, ierror)
    H_WIN :: win
    integer :: keyval, ierror
    integer(kind=address) :: value, extra
    copies = copies + int(value)
    ierror = MPI_SUCCESS
  end subroutine

  subroutine on_error(win, code)
    H_WIN :: win
    integer :: code
    errors = errors + 1
  end subroutine

  subroutine attributes(win)
    H_WIN, intent(in) :: win
    integer(kind=address) :: value
    logical :: flag
    call MPI_Win_create_keyval(MPI_WIN_DUP_FN, delete_win, key, 0_address, ierr)
    call MPI_Win_set_attr(win, key, 6_address, ierr)
    call MPI_Win_get_attr(win, key, value, flag, ierr)
    call check('attribute of a window', flag .and. value == 6)
    call MPI_Win_delete_attr(win, key, ierr)
    call check('deleted attribute of a window', copies == 6)
    copies = 0
    call MPI_Win_free_keyval(key, ierr)
    call MPI_Win_get_attr(win, MPI_WIN_SIZE, value, flag, ierr)
    call check('size of a window', flag .and. value == bytes)
    call MPI_Win_get_attr(win, MPI_WIN_DISP_UNIT, value, flag, ierr)
    call check('unit of a window', flag .and. value == 4)
    call MPI_Win_get_attr(win, MPI_WIN_BASE, value, flag, ierr)
    call check('base of a window', flag .and. value == transfer(c_loc(shown), value))
  end subroutine

  subroutine handled(win)
    H_WIN, intent(in) :: win
    H_ERRHANDLER :: handler, now
    call MPI_Win_create_errhandler(on_error, handler, ierr)
    call MPI_Win_set_errhandler(win, handler, ierr)
    call MPI_Win_call_errhandler(win, MPI_ERR_OTHER, ierr)
    call MPI_Win_get_errhandler(win, now, ierr)
    call check('error handler of a window', errors == 1 .and. now == handler)
    errors = 0
    call MPI_Errhandler_free(now, ierr)
    call MPI_Errhandler_free(handler, ierr)
  end subroutine

  subroutine allocated()
    H_WIN :: win
    type(c_ptr) :: base
    integer, pointer :: there(:)
    mine = rank
    call MPI_Win_allocate(bytes, 4, MPI_INFO_NULL, MPI_COMM_WORLD, base, win, ierr)
    call c_f_pointer(base, there, [4])
    there = -1
    call MPI_Win_fence(0, win, ierr)
    call MPI_Put(mine, 1, MPI_INTEGER, right, first, 1, MPI_INTEGER, win, ierr)
    call MPI_Win_fence(0, win, ierr)
    call check('put into allocated memory', there(1) == left)
    call MPI_Win_free(win, ierr)
  end subroutine

  subroutine shared()
    H_WIN :: win
    type(c_ptr) :: base
    integer, pointer :: there(:)
    integer(kind=address) :: size
    integer :: unit
    call MPI_Win_allocate_shared(bytes, 4, MPI_INFO_NULL, MPI_COMM_WORLD, base, win, ierr)
    call c_f_pointer(base, there, [4])
    call MPI_Win_fence(0, win, ierr)
    there = rank
    call MPI_Win_fence(0, win, ierr)
    call MPI_Win_shared_query(win, right, size, unit, base, ierr)
    call c_f_pointer(base, there, [4])
    call check('memory of the next rank', size == bytes .and. unit == 4 .and. all(there == right))
    call MPI_Win_fence(0, win, ierr)
    call MPI_Win_free(win, ierr)
  end subroutine

  subroutine dynamic()
    H_WIN :: win
    integer(kind=address) :: place, others
    mine = 50 + rank
    call MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, win, ierr)
    call MPI_Win_attach(win, shown, bytes, ierr)
    call MPI_Get_address(shown, place, ierr)
    call MPI_Sendrecv(place, 1, MPI_AINT, left, 3, others, 1, MPI_AINT, right, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE, ierr)
    call MPI_Win_fence(0, win, ierr)
    call MPI_Put(mine, 1, MPI_INTEGER, right, others, 1, MPI_INTEGER, win, ierr)
    call MPI_Win_fence(0, win, ierr)
    call check('put into attached memory', shown(1) == 50 + left)
    call MPI_Win_detach(win, shown, ierr)
    call MPI_Win_free(win, ierr)
  end subroutine

end module
