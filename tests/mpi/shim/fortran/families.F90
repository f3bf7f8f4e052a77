! SPDX-License-Identifier: Apache-2.0
! families: all families once, checked. families STOPFILE: those that survive checkpoints, with what they made at the
! start, again and again until there is STOPFILE (restart.sh).
#include "binding.inc"
program families
  use binding
  use checks
  use messages
  use collectives
  use topologies
  implicit none
  character(len=1000) :: stop_file
  integer :: stop
  call MPI_Init(ierr)
  call checks_begin()
  call get_command_argument(1, stop_file)
  call make()
  if (stop_file == '') then
    call use_all()
    call use_all()
    call once()
  else
    stop = 0
    do while (stop == 0)
      call use_all()
      if (rank == 0) then
        print '(a)', 'round'
        flush (6)
      end if
      stop = asked_to_stop()
    end do
  end if
  call free()
  if (stop_file == '') print *, 'rank', rank, 'checks', checked
  call MPI_Allreduce(MPI_IN_PLACE, wrong, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
  if (wrong > 0) call MPI_Abort(MPI_COMM_WORLD, 1, ierr)
  if (rank == 0) print '(a)', 'families: ok'
  call MPI_Finalize(ierr)

contains

  subroutine make()
    call messages_make()
    call collectives_make()
    call topologies_make()
  end subroutine

  subroutine use_all()
    call messages_use()
    call collectives_use()
    call topologies_use()
  end subroutine

  subroutine free()
    call messages_free()
    call collectives_free()
    call topologies_free()
  end subroutine

  ! Those for which a checkpoint waits or which it refuses.
  subroutine once()
    call collectives_persistent()
    call topologies_persistent()
  end subroutine

  integer function asked_to_stop()
    logical :: there
    inquire (file=stop_file, exist=there)
    asked_to_stop = merge(1, 0, there)
    call MPI_Bcast(asked_to_stop, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
  end function

end program
