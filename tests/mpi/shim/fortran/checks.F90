! SPDX-License-Identifier: Apache-2.0
! What all families share: who is where, and the count of what went wrong.
#include "binding.inc"
module checks
  use binding
  implicit none
  integer :: ierr                 ! what the last call answered; an error ends the job, unless a family says otherwise
  integer :: rank, n, left, right ! the ring of all ranks
  integer :: wrong = 0, checked = 0
  integer, parameter :: address = MPI_ADDRESS_KIND

contains

  subroutine checks_begin()
    call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
    call MPI_Comm_size(MPI_COMM_WORLD, n, ierr)
    left = mod(rank + n - 1, n)
    right = mod(rank + 1, n)
  end subroutine

  subroutine check(what, right_so)
    character(len=*), intent(in) :: what
    logical, intent(in) :: right_so
    checked = checked + 1
    if (right_so) return
    wrong = wrong + 1
    print *, 'wrong on rank', rank, ': ', what
  end subroutine

end module
