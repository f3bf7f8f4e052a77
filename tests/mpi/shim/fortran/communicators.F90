! SPDX-License-Identifier: Apache-2.0
! Groups and communicators, with members, names and hints; intercommunicators.
#include "binding.inc"
module communicators
  use binding
  use checks
  implicit none
  private
  public :: communicators_make, communicators_use, communicators_between, communicators_free
  integer, parameter :: many = 8
  ! Kept over checkpoints.
  H_COMM :: made(many)
  H_GROUP :: world, others(8)

contains

  subroutine communicators_make()
    H_INFO :: info
    H_GROUP :: group
    H_REQUEST :: request
    integer :: i
    call MPI_Info_create(info, ierr)
    call MPI_Comm_group(MPI_COMM_WORLD, world, ierr)
    call MPI_Comm_dup(MPI_COMM_WORLD, made(1), ierr)
    call MPI_Comm_idup(MPI_COMM_WORLD, made(2), request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, made(3), ierr)
    call MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, made(4), ierr)
    call MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, made(5), ierr)
    call MPI_Group_incl(world, n, [(i, i = n - 1, 0, -1)], group, ierr)
    call MPI_Comm_create(MPI_COMM_WORLD, group, made(6), ierr)
    call MPI_Comm_create_group(MPI_COMM_WORLD, group, 5, made(7), ierr)
    call MPI_Comm_split(MPI_COMM_WORLD, mod(rank, 2), rank, made(8), ierr)
    call MPI_Group_free(group, ierr)
    call MPI_Info_free(info, ierr)
    call MPI_Comm_set_name(made(4), 'backwards', ierr)
    call make_groups()
  end subroutine

  subroutine make_groups()
    integer :: range(3, 1)
    range(:, 1) = [0, 1, 1]
    call MPI_Group_incl(world, 1, [0], others(1), ierr)
    call MPI_Group_excl(world, 1, [0], others(2), ierr)
    call MPI_Group_range_incl(world, 1, range, others(3), ierr)
    call MPI_Group_range_excl(world, 1, range, others(4), ierr)
    call MPI_Group_union(others(2), others(1), others(5), ierr)
    call MPI_Group_intersection(world, others(3), others(6), ierr)
    call MPI_Group_difference(world, others(1), others(7), ierr)
    call MPI_Comm_group(made(4), others(8), ierr)
  end subroutine

  subroutine communicators_use()
    call members()
    call compared()
    call named()
    call hints()
    call grouped()
  end subroutine

  subroutine communicators_free()
    integer :: i
    do i = 1, many - 1
      call MPI_Comm_free(made(i), ierr)
      call check('communicator freed', made(i) == MPI_COMM_NULL)
    end do
    call MPI_Comm_disconnect(made(many), ierr)
    do i = 1, 8
      if (others(i) /= MPI_GROUP_EMPTY) call MPI_Group_free(others(i), ierr)
    end do
    call MPI_Group_free(world, ierr)
    call check('group freed', world == MPI_GROUP_NULL)
  end subroutine

  subroutine members()
    integer :: i, size, here, total
    logical :: inter
    do i = 1, many
      call MPI_Comm_size(made(i), size, ierr)
      call MPI_Comm_rank(made(i), here, ierr)
      call MPI_Comm_test_inter(made(i), inter, ierr)
      call MPI_Allreduce(rank, total, 1, MPI_INTEGER, MPI_SUM, made(i), ierr)
      if (i == many) then
        call check('half', size == (n + 1 - mod(rank, 2)) / 2 .and. here == rank / 2)
      else
        call check('members', size == n .and. total == n * (n - 1) / 2 .and. .not. inter)
        call check('rank', here == merge(n - 1 - rank, rank, any(i == [4, 6, 7])))
      end if
    end do
  end subroutine

  subroutine compared()
    integer :: result
    call MPI_Comm_compare(made(1), made(1), result, ierr)
    call check('the same', result == MPI_IDENT)
    call MPI_Comm_compare(MPI_COMM_WORLD, made(1), result, ierr)
    call check('a duplicate', result == MPI_CONGRUENT)
    call MPI_Comm_compare(made(1), made(4), result, ierr)
    call check('another order', result == MPI_SIMILAR)
    call check('handles differ', made(1) /= made(2) .and. made(1) /= MPI_COMM_WORLD)
  end subroutine

  subroutine named()
    character(len=MPI_MAX_OBJECT_NAME) :: name
    integer :: length
    call MPI_Comm_get_name(made(4), name, length, ierr)
    call check('name', name == 'backwards' .and. length == 9)
    call MPI_Comm_get_name(MPI_COMM_WORLD, name, length, ierr)
    call check('name of the world', name == 'MPI_COMM_WORLD')
  end subroutine

  subroutine hints()
    H_INFO :: info
    call MPI_Info_create(info, ierr)
    call MPI_Comm_set_info(made(3), info, ierr)
    call MPI_Info_free(info, ierr)
    call MPI_Comm_get_info(made(3), info, ierr)
    call check('hints of a communicator', info /= MPI_INFO_NULL)
    call MPI_Info_free(info, ierr)
  end subroutine

  subroutine grouped()
    integer :: i, size, here, result, expected(8), translated(1)
    expected = [1, n - 1, 2, n - 2, n, 2, n - 1, n]
    do i = 1, 8
      call MPI_Group_size(others(i), size, ierr)
      call check('size of a group', size == expected(i))
    end do
    call MPI_Group_rank(others(8), here, ierr)
    call check('rank in a group', here == n - 1 - rank)
    call MPI_Group_compare(others(2), others(7), result, ierr)
    call check('equal groups', result == MPI_IDENT)
    call MPI_Group_translate_ranks(world, 1, [0], others(8), translated, ierr)
    call check('translated', translated(1) == n - 1)
  end subroutine

  ! A checkpoint waits for those to be gone, or is refused.
  subroutine communicators_between()
    H_COMM :: between, merged
    H_GROUP :: group
    integer :: size, here, value
    logical :: inter
    call MPI_Intercomm_create(made(many), 0, MPI_COMM_WORLD, 1 - mod(rank, 2), 7, between, ierr)
    call MPI_Comm_test_inter(between, inter, ierr)
    call MPI_Comm_remote_size(between, size, ierr)
    call check('the other half', inter .and. size == (n + mod(rank, 2)) / 2)
    call MPI_Comm_remote_group(between, group, ierr)
    call MPI_Group_size(group, here, ierr)
    call check('group of the other half', here == size)
    call MPI_Group_free(group, ierr)
    call MPI_Allreduce(rank, value, 1, MPI_INTEGER, MPI_MIN, between, ierr)
    call check('from the other half', value == 1 - mod(rank, 2))
    call MPI_Intercomm_merge(between, mod(rank, 2) == 1, merged, ierr)
    call MPI_Comm_size(merged, size, ierr)
    call check('merged', size == n)
    call MPI_Comm_free(merged, ierr)
    call MPI_Comm_free(between, ierr)
  end subroutine

end module
