! SPDX-License-Identifier: Apache-2.0
! Processes that are started, found by a name, or connected through a port.
#include "binding.inc"
module processes
  use binding
  use checks
  implicit none
  private
  public :: processes_all, processes_child
  integer, parameter :: words = 2
  character(len=12), parameter :: given(words) = [character(len=12) :: 'child', 'two words']

contains

  subroutine processes_all()
    H_COMM :: parent
    call MPI_Comm_get_parent(parent, ierr)
    call check('no parent', parent == MPI_COMM_NULL)
    call spawned()
    call spawned_multiple()
    call connected()
  end subroutine

  ! In the started process: tells its parent which arguments it was given.
  subroutine processes_child()
    H_COMM :: parent
    character(len=12) :: told(words)
    integer :: i
    call MPI_Comm_get_parent(parent, ierr)
    do i = 1, words
      call get_command_argument(i, told(i))
    end do
    call MPI_Send(told, 12 * words, MPI_CHARACTER, 0, 1, parent, ierr)
    call MPI_Comm_disconnect(parent, ierr)
  end subroutine

  subroutine hear(children, many, expected)
    H_COMM :: children
    integer, intent(in) :: many
    character(len=12), intent(in) :: expected(many)
    character(len=12) :: told(words)
    integer :: i
    if (rank == 0) then
      do i = 1, many
        call MPI_Recv(told, 12 * words, MPI_CHARACTER, i - 1, 1, children, MPI_STATUS_IGNORE, ierr)
        call check('arguments of a child', told(1) == 'child' .and. told(2) == expected(i))
      end do
    end if
    call MPI_Comm_disconnect(children, ierr)
    call check('disconnected', children == MPI_COMM_NULL)
  end subroutine

  subroutine spawned()
    H_COMM :: children
    character(len=1000) :: program
    character(len=12) :: arguments(words + 1)
    integer :: codes(1)
    call get_command_argument(0, program)
    arguments(1:words) = given
    arguments(words + 1) = ''
    call MPI_Comm_spawn(program, arguments, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, children, codes, ierr)
    call check('started', rank /= 0 .or. codes(1) == MPI_SUCCESS)
    call hear(children, 1, given(2:2))
  end subroutine

  subroutine spawned_multiple()
    H_COMM :: children
    H_INFO :: infos(2)
    character(len=1000) :: programs(2)
    character(len=12) :: arguments(2, words + 1)
    call get_command_argument(0, programs(1))
    programs(2) = programs(1)
    arguments(1, :) = [character(len=12) :: 'child', 'of the first', '']
    arguments(2, :) = [character(len=12) :: 'child', 'the second', '']
    infos = MPI_INFO_NULL
    call MPI_Comm_spawn_multiple(2, programs, arguments, [1, 1], infos, 0, MPI_COMM_WORLD, children, MPI_ERRCODES_IGNORE, ierr)
    call hear(children, 2, arguments(:, 2))
  end subroutine

  ! Rank 0 is found by rank 1 through a published name.
  subroutine connected()
    H_COMM :: other
    character(len=MPI_MAX_PORT_NAME) :: port, found
    integer :: x
    if (rank == 0) then
      call MPI_Open_port(MPI_INFO_NULL, port, ierr)
      call MPI_Publish_name('families', MPI_INFO_NULL, port, ierr)
    end if
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    if (rank == 1) then
      call MPI_Lookup_name('families', MPI_INFO_NULL, found, ierr)
      call MPI_Comm_connect(found, MPI_INFO_NULL, 0, MPI_COMM_SELF, other, ierr)
      call MPI_Send(41, 1, MPI_INTEGER, 0, 1, other, ierr)
      call MPI_Comm_disconnect(other, ierr)
    else if (rank == 0) then
      call MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, other, ierr)
      call MPI_Recv(x, 1, MPI_INTEGER, 0, 1, other, MPI_STATUS_IGNORE, ierr)
      call check('from the one that connected', x == 41)
      call MPI_Comm_disconnect(other, ierr)
      call MPI_Unpublish_name('families', MPI_INFO_NULL, port, ierr)
      call MPI_Close_port(port, ierr)
    end if
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
  end subroutine

end module
