! SPDX-License-Identifier: Apache-2.0
! What Debian's Fortran bindings look for inside of the objects that handles stand for, without asking the C library:
! integers of new groups, integers of persistent requests that go on, sizes of communicators in the calls with a list of
! types for each process.
program fortran_handles
  use mpi
  implicit none
  integer :: ierr, rank, n, half, merged, between, copy, request
  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, n, ierr)
  call groups()
  call persistent(0)
  call persistent(1)
  call persistent(2)
  call exchange('world', MPI_COMM_WORLD, n)
  call MPI_Comm_idup(MPI_COMM_WORLD, copy, request, ierr)
  call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
  call exchange('idup', copy, n)
  call MPI_Comm_free(copy, ierr)
  if (n > 1) then
    ! Two sides of different size, if n is odd.
    call MPI_Comm_split(MPI_COMM_WORLD, mod(rank, 2), rank, half, ierr)
    call MPI_Comm_size(half, merged, ierr)
    call exchange('half', half, merged)
    call MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - mod(rank, 2), 7, between, ierr)
    call MPI_Comm_remote_size(between, merged, ierr)
    call exchange('between', between, merged)
    call MPI_Intercomm_merge(between, mod(rank, 2) == 1, copy, ierr)
    call exchange('merged', copy, n)
    call MPI_Comm_free(copy, ierr)
    call MPI_Comm_free(between, ierr)
    call MPI_Comm_free(half, ierr)
  end if
  call MPI_Finalize(ierr)

contains

  subroutine groups()
    integer :: world, made(8), i, members, me, first(1), range(3, 1)
    first = 0
    range(:, 1) = [0, 0, 1]
    call MPI_Comm_group(MPI_COMM_WORLD, world, ierr)
    call MPI_Group_incl(world, 1, first, made(1), ierr)
    call MPI_Group_excl(world, 1, first, made(2), ierr)
    call MPI_Group_range_incl(world, 1, range, made(3), ierr)
    call MPI_Group_range_excl(world, 1, range, made(4), ierr)
    call MPI_Group_union(made(1), made(2), made(5), ierr)
    call MPI_Group_intersection(world, made(1), made(6), ierr)
    call MPI_Group_difference(world, made(1), made(7), ierr)
    call MPI_Comm_group(MPI_COMM_SELF, made(8), ierr)
    do i = 1, 8
      call MPI_Group_size(made(i), members, ierr)
      call MPI_Group_rank(made(i), me, ierr)
      print *, rank, 'group', i, members, me, ierr
      if (made(i) /= MPI_GROUP_EMPTY) call MPI_Group_free(made(i), ierr)
    end do
    call MPI_Group_free(world, ierr)
  end subroutine

  ! how: 0 MPI_Wait, 1 MPI_Test, 2 MPI_Waitall.
  subroutine persistent(how)
    integer, intent(in) :: how
    integer :: requests(2), before(2), out, in, step
    logical :: done
    call MPI_Send_init(out, 1, MPI_INTEGER, mod(rank + 1, n), how, MPI_COMM_WORLD, requests(1), ierr)
    call MPI_Recv_init(in, 1, MPI_INTEGER, mod(rank + n - 1, n), how, MPI_COMM_WORLD, requests(2), ierr)
    before = requests
    do step = 1, 3
      out = 10 * step + rank
      call MPI_Startall(2, requests, ierr)
      if (how == 2) then
        call MPI_Waitall(2, requests, MPI_STATUSES_IGNORE, ierr)
      else if (how == 0) then
        call MPI_Wait(requests(1), MPI_STATUS_IGNORE, ierr)
        call MPI_Wait(requests(2), MPI_STATUS_IGNORE, ierr)
      else
        done = .false.
        do while (.not. done)
          call MPI_Test(requests(2), done, MPI_STATUS_IGNORE, ierr)
        end do
        call MPI_Wait(requests(1), MPI_STATUS_IGNORE, ierr)
      end if
      print *, rank, 'persistent', how, step, in, all(requests == before)
    end do
    call MPI_Request_free(requests(1), ierr)
    call MPI_Request_free(requests(2), ierr)
    print *, rank, 'freed', requests(1) == MPI_REQUEST_NULL, requests(2) == MPI_REQUEST_NULL
  end subroutine

  subroutine exchange(name, comm, peers)
    character(len=*), intent(in) :: name
    integer, intent(in) :: comm, peers
    integer, dimension(peers) :: counts, places, types, out, in
    integer :: i, pending
    counts = 1
    types = MPI_INTEGER
    do i = 1, peers
      places(i) = 4 * (i - 1)
      out(i) = 100 * rank + i
    end do
    in = -1
    call MPI_Alltoallw(out, counts, places, types, in, counts, places, types, comm, ierr)
    print *, rank, name, in
    in = -1
    call MPI_Ialltoallw(out, counts, places, types, in, counts, places, types, comm, pending, ierr)
    call MPI_Wait(pending, MPI_STATUS_IGNORE, ierr)
    print *, rank, name, in, pending == MPI_REQUEST_NULL
  end subroutine

end program
