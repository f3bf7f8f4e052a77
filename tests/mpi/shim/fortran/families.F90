! SPDX-License-Identifier: Apache-2.0
! families: all families once, checked. families STOPFILE: those that survive checkpoints, with what they made at the
! start, again and again until there is STOPFILE (restart.sh). families child ...: a process that a family has started.
#include "binding.inc"
program families
  use binding
  use checks
  use messages
  use collectives
  use topologies
  use datatypes
  use communicators
  use environment
  use callbacks
  use exchange
  use legacy
  use windows
  use files
  use processes
  implicit none
  character(len=1000) :: stop_file
  integer :: provided
  call get_command_argument(1, stop_file)
  if (stop_file == '') then
    call MPI_Init(ierr)
  else
    call MPI_Init_thread(MPI_THREAD_SERIALIZED, provided, ierr)
  end if
  call checks_begin()
  if (stop_file == 'child') then
    call processes_child()
  else
    call make()
    if (stop_file == '') then
      call use_all()
      call use_all()
      call once()
    else
      call use_until_stopped()
    end if
    call free()
    call report()
  end if
  call MPI_Finalize(ierr)

contains

  subroutine make()
    call messages_make()
    call collectives_make()
    call topologies_make()
    call datatypes_make()
    call communicators_make()
    call environment_make()
    call callbacks_make()
    call exchange_make()
#ifndef BINDING_F08
    call legacy_make()
#endif
  end subroutine

  subroutine use_all()
    call messages_use()
    call collectives_use()
    call topologies_use()
    call datatypes_use()
    call communicators_use()
    call environment_use()
    call callbacks_use()
    call exchange_use()
    call files_all()
#ifndef BINDING_F08
    call legacy_use()
#endif
  end subroutine

  ! What a checkpoint waits for, or what it is refused for.
  subroutine once()
    call collectives_persistent()
    call topologies_persistent()
    call communicators_between()
    call callbacks_requests()
    call windows_all()
    call exchange_once()
    call processes_all()
#ifndef BINDING_F08
    call legacy_addresses()
#endif
  end subroutine

  subroutine free()
#ifndef BINDING_F08
    call legacy_free()
#endif
    call exchange_free()
    call callbacks_free()
    call environment_free()
    call communicators_free()
    call datatypes_free()
    call topologies_free()
    call collectives_free()
    call messages_free()
  end subroutine

  subroutine use_until_stopped()
    logical :: stop
    stop = .false.
    do while (.not. stop)
      call use_all()
      if (rank == 0) then
        print '(a)', 'round'
        flush (6)
        inquire (file=stop_file, exist=stop)
      end if
      call MPI_Bcast(stop, 1, MPI_LOGICAL, 0, MPI_COMM_WORLD, ierr)
    end do
  end subroutine

  subroutine report()
    if (stop_file == '') print *, 'rank', rank, 'checks', checked
    call MPI_Allreduce(MPI_IN_PLACE, wrong, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
    if (wrong > 0) call MPI_Abort(MPI_COMM_WORLD, 1, ierr)
    if (rank == 0) print '(a)', 'families: ok'
  end subroutine

end program
