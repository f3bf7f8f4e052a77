! SPDX-License-Identifier: Apache-2.0
! Heat on a plate in Fortran ("use mpi"): columns are dealt out to the processes, neighbours exchange one column a
! step by non-blocking messages, MPI_IN_PLACE reduces the largest change. Rank 0 repeats all of it alone at the end
! and compares every bit of every value a cell ever had.
!
!   mpirun -np 4 heat_f [--size N] [--steps N] [--seconds S] [--report N] [--spoil K]
!
! --spoil K changes one cell before step K, to see the check fail. Prints "step K/N", then PASS (exit 0) or FAIL (exit 1).
module plate
  use, intrinsic :: iso_fortran_env, only: real64, int64
  implicit none
contains

  pure function initial(row, col) result(u)
    integer, intent(in) :: row, col
    real(real64) :: u
    integer(int64) :: x
    x = mod(int(row, int64) * 7919_int64 + int(col, int64) * 104729_int64, 1000003_int64)
    x = mod(x * x + 12345_int64, 1000003_int64)
    u = real(x, real64) / 1000003.0_real64
  end function initial

  ! Columns first..last of a plate of n rows; index 0 and n+1, and the column on either side, are the frame.
  subroutine fill(u, n, first, last)
    integer, intent(in) :: n, first, last
    real(real64), intent(out) :: u(0:, first - 1:)
    integer :: row, col
    do col = first - 1, last + 1
      do row = 0, n + 1
        u(row, col) = initial(row, col)
      end do
    end do
  end subroutine fill

  ! One step; trace(row, col) takes in every bit of every value the cell ever has, since diffusion forgets.
  subroutine step(u, v, trace, n, first, last, change)
    integer, intent(in) :: n, first, last
    real(real64), intent(inout) :: u(0:, first - 1:), v(0:, first - 1:)
    integer(int64), intent(inout) :: trace(:, first:)
    real(real64), intent(out) :: change
    integer :: row, col
    change = 0
    do col = first, last
      do row = 1, n
        v(row, col) = u(row, col) + 0.2_real64 * &
          (((u(row - 1, col) + u(row + 1, col)) + (u(row, col - 1) + u(row, col + 1))) - 4 * u(row, col))
        trace(row, col) = ieor(ishftc(trace(row, col), 7), transfer(v(row, col), trace(row, col)))
        change = max(change, abs(v(row, col) - u(row, col)))
      end do
    end do
    u(1:n, first:last) = v(1:n, first:last)
  end subroutine step

end module plate

module arguments
  use, intrinsic :: iso_fortran_env, only: real64, error_unit
  use, intrinsic :: iso_c_binding, only: c_int
  implicit none
  interface
    integer(c_int) function c_usleep(microseconds) bind(c, name="usleep")
      import :: c_int
      integer(c_int), value :: microseconds
    end function c_usleep
  end interface
contains

  function option(name, fallback, least) result(number)
    character(*), intent(in) :: name
    real(real64), intent(in) :: fallback, least
    real(real64) :: number
    character(64) :: text
    integer :: i, status
    number = fallback
    do i = 1, command_argument_count() - 1, 2
      call get_command_argument(i, text)
      if (text /= name) cycle
      call get_command_argument(i + 1, text)
      read (text, *, iostat=status) number
      if (status /= 0 .or. number < least) then
        write (error_unit, *) 'heat_f: bad value for ', name, ': ', trim(text)
        stop 2
      end if
    end do
  end function option

end module arguments

program heat_f
  use mpi
  use plate
  use arguments
  implicit none
  integer :: ierr, rank, np, n, steps, report, spoil, s, first, last, failed
  real(real64) :: pause, change
  real(real64), allocatable :: u(:, :), v(:, :), residual(:)
  integer(int64), allocatable :: trace(:, :)

  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, np, ierr)
  n = int(option('--size', 96.0_real64, 4.0_real64))
  steps = int(option('--steps', 2000.0_real64, 1.0_real64))
  report = int(option('--report', real(max(1, steps / 20), real64), 1.0_real64))
  spoil = int(option('--spoil', 0.0_real64, 0.0_real64))
  pause = option('--seconds', 0.0_real64, 0.0_real64) / steps
  if (np > n) call MPI_Abort(MPI_COMM_WORLD, 2, ierr)
  first = rank * n / np + 1
  last = (rank + 1) * n / np
  allocate (u(0:n + 1, first - 1:last + 1), v(0:n + 1, first - 1:last + 1), residual(steps))
  allocate (trace(n, first:last))
  trace = 0
  call fill(u, n, first, last)

  do s = 1, steps
    call exchange()
    if (s == spoil .and. rank == np - 1) u(1, last) = u(1, last) + 1e-12_real64
    call step(u, v, trace, n, first, last, change)
    call MPI_Allreduce(MPI_IN_PLACE, change, 1, MPI_DOUBLE_PRECISION, MPI_MAX, MPI_COMM_WORLD, ierr)
    residual(s) = change
    if (rank == 0 .and. (mod(s, report) == 0 .or. s == 1)) then
      write (*, '(a,i0,a,i0,a,es14.6)') 'step ', s, '/', steps, ' residual ', change
      flush (6)
    end if
    if (pause > 0) ierr = c_usleep(int(pause * 1e6_real64, c_int))
  end do

  failed = 0
  call verify()
  call MPI_Bcast(failed, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
  call MPI_Finalize(ierr)
  if (failed /= 0) stop 1

contains

  subroutine exchange()
    integer :: left, right, requests(4)
    left = merge(rank - 1, MPI_PROC_NULL, rank > 0)
    right = merge(rank + 1, MPI_PROC_NULL, rank < np - 1)
    call MPI_Irecv(u(1, first - 1), n, MPI_DOUBLE_PRECISION, left, 1, MPI_COMM_WORLD, requests(1), ierr)
    call MPI_Irecv(u(1, last + 1), n, MPI_DOUBLE_PRECISION, right, 2, MPI_COMM_WORLD, requests(2), ierr)
    call MPI_Isend(u(1, last), n, MPI_DOUBLE_PRECISION, right, 1, MPI_COMM_WORLD, requests(3), ierr)
    call MPI_Isend(u(1, first), n, MPI_DOUBLE_PRECISION, left, 2, MPI_COMM_WORLD, requests(4), ierr)
    call MPI_Waitall(4, requests, MPI_STATUSES_IGNORE, ierr)
  end subroutine exchange

  subroutine verify()
    real(real64), allocatable :: w(:, :), x(:, :)
    integer(int64), allocatable :: all(:, :), alone(:, :)
    integer :: counts(np), places(np), r
    integer(int64) :: wrong
    do r = 1, np
      places(r) = ((r - 1) * n / np) * n
      counts(r) = (r * n / np) * n - places(r)
    end do
    allocate (all(n, merge(n, 0, rank == 0)))
    call MPI_Gatherv(trace, size(trace), MPI_INTEGER8, all, counts, places, MPI_INTEGER8, 0, &
                     MPI_COMM_WORLD, ierr)
    if (rank /= 0) return
    allocate (w(0:n + 1, 0:n + 1), x(0:n + 1, 0:n + 1), alone(n, n))
    alone = 0
    call fill(w, n, 1, n)
    wrong = 0
    do r = 1, steps
      call step(w, x, alone, n, 1, n, change)
      if (transfer(change, wrong) /= transfer(residual(r), wrong)) wrong = wrong + 1
    end do
    wrong = wrong + count(all /= alone)
    failed = merge(1, 0, wrong /= 0)
    write (*, '(a,a,i0,a,i0,a,i0,a)') merge('FAIL', 'PASS', failed == 1), ' heat_f: ', np, ' processes, ', steps, &
      ' steps, ', wrong, ' values differ from the serial run'
    flush (6)
  end subroutine verify

end program heat_f
