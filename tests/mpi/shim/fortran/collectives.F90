! SPDX-License-Identifier: Apache-2.0
! Collective calls: blocking, non-blocking, persistent; in place, from MPI_BOTTOM; complex numbers, logicals, characters.
#include "binding.inc"
module collectives
  use binding
  use checks
  implicit none
  private
  public :: collectives_make, collectives_use, collectives_persistent, collectives_free
  ! Kept over checkpoints: an operation of the program, which is used beside MPI_SUM.
  H_OP :: kept_sum
  integer, allocatable, asynchronous :: out(:), in(:), ones(:), forwards(:), backwards(:), bytes_forwards(:), bytes_backwards(:)
  H_DATATYPE, allocatable :: types(:)

contains

#ifdef BINDING_F08
  subroutine add(given, sums, length, type)
    use iso_c_binding
    type(c_ptr), value :: given, sums
    integer :: length
    type(MPI_Datatype) :: type
    integer, pointer :: a(:), b(:)
    call c_f_pointer(given, a, [length])
    call c_f_pointer(sums, b, [length])
#else
  subroutine add(a, b, length, type)
    integer :: length, type
    integer :: a(length), b(length)
#endif
    if (type /= MPI_INTEGER) call check('type that an operation is given', .false.)
    b = b + a
  end subroutine

  subroutine collectives_make()
    integer :: j
    logical :: commutes
    call MPI_Op_create(add, .true., kept_sum, ierr)
    call MPI_Op_commutative(kept_sum, commutes, ierr)
    call check('commutative', commutes)
    allocate (out(n), in(n), types(n))
    out = [(100 * rank + j, j = 1, n)]
    ones = [(1, j = 1, n)]
    forwards = [(j, j = 0, n - 1)]
    backwards = [(j, j = n - 1, 0, -1)]
    bytes_forwards = 4 * forwards
    bytes_backwards = 4 * backwards
    types = MPI_INTEGER
  end subroutine

  subroutine collectives_free()
    call MPI_Op_free(kept_sum, ierr)
    call check('operation freed', kept_sum == MPI_OP_NULL)
    deallocate (out, in, types)
  end subroutine

  subroutine collectives_use()
    call blocking()
    call non_blocking()
    call local()
    call bottom()
    call other_types()
  end subroutine

  subroutine clear()
    in = -1
  end subroutine

  ! Sum of out(j) of the first few ranks.
  integer function sum_of(ranks, j)
    integer, intent(in) :: ranks, j
    sum_of = 100 * (ranks * (ranks - 1) / 2) + ranks * j
  end function

#define JOINED(a_) a_
#define TAIL , ierr
#define FINISH
#define CALLED(name_) JOINED(MPI_)name_
  subroutine blocking()
    integer :: j
#include "collectives.inc"
  end subroutine

#undef TAIL
#undef FINISH
#undef CALLED
#define TAIL , request, ierr
#define FINISH call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
#define CALLED(name_) JOINED(MPI_I)name_
  subroutine non_blocking()
    H_REQUEST :: request
    integer :: j
#include "collectives.inc"
  end subroutine

#undef TAIL
#undef FINISH
#undef CALLED
#define TAIL , MPI_INFO_NULL, request, ierr
#define FINISH call run(request)
#define CALLED(name_) JOINED(MPIX_)JOINED(name_)_init
  ! Checkpoints wait for those.
  subroutine collectives_persistent()
    H_REQUEST :: request
    integer :: j
#include "collectives.inc"
  end subroutine

  subroutine run(request)
    H_REQUEST :: request
    call MPI_Start(request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_Request_free(request, ierr)
  end subroutine

  subroutine local()
    integer :: j
    in = 1
    call MPI_Reduce_local(out, in, n, MPI_INTEGER, kept_sum, ierr)
    call check('Reduce_local', all(in == [(100 * rank + j + 1, j = 1, n)]))
  end subroutine

  subroutine bottom()
    integer, asynchronous :: a, b
    integer(kind=address) :: places(2)
    H_DATATYPE :: type
    call MPI_Get_address(a, places(1), ierr)
    call MPI_Get_address(b, places(2), ierr)
    call MPI_Type_create_hindexed(2, [1, 1], places, MPI_INTEGER, type, ierr)
    call MPI_Type_commit(type, ierr)
    a = rank
    b = -rank
    call MPI_Bcast(MPI_BOTTOM, 1, type, 1, MPI_COMM_WORLD, ierr)
    call MPI_F_sync_reg(a)
    call MPI_F_sync_reg(b)
    call check('from MPI_BOTTOM', a == 1 .and. b == -1)
    call MPI_Type_free(type, ierr)
  end subroutine

  subroutine other_types()
    complex :: z
    double complex :: zz
    logical :: yes, any_yes
    character(len=5) :: word
    real :: pair(2), largest(2)
    integer :: places(2), at(2)
    z = cmplx(rank, 1)
    call MPI_Allreduce(MPI_IN_PLACE, z, 1, MPI_COMPLEX, MPI_SUM, MPI_COMM_WORLD, ierr)
    call check('complex', z == cmplx(n * (n - 1) / 2, n))
    zz = (2d0, 0d0)
    call MPI_Allreduce(MPI_IN_PLACE, zz, 1, MPI_DOUBLE_COMPLEX, MPI_PROD, MPI_COMM_WORLD, ierr)
    call check('double complex', zz == cmplx(2d0**n, 0d0, kind(zz)))
    yes = rank == 1
    call MPI_Allreduce(yes, any_yes, 1, MPI_LOGICAL, MPI_LOR, MPI_COMM_WORLD, ierr)
    call check('logical', any_yes)
    word = merge('cairn', '-----', rank == 0)
    call MPI_Bcast(word, len(word), MPI_CHARACTER, 0, MPI_COMM_WORLD, ierr)
    call check('characters', word == 'cairn')
    pair = [real(rank), real(rank)]
    call MPI_Allreduce(pair, largest, 1, MPI_2REAL, MPI_MAXLOC, MPI_COMM_WORLD, ierr)
    call check('largest', all(largest == n - 1))
    places = [n - rank, rank]
    call MPI_Allreduce(places, at, 1, MPI_2INTEGER, MPI_MINLOC, MPI_COMM_WORLD, ierr)
    call check('smallest', all(at == [1, n - 1]))
  end subroutine

end module
