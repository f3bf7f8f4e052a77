! SPDX-License-Identifier: Apache-2.0
! Info objects, error classes and strings, versions, times, threads, memory.
#include "binding.inc"
module environment
  use binding
  use checks
  use iso_c_binding
  implicit none
  private
  public :: environment_make, environment_use, environment_free
  ! Kept over checkpoints.
  H_INFO :: info
  integer :: new_class, new_code
  type(c_ptr) :: memory

contains

  subroutine environment_make()
    integer, pointer :: numbers(:)
    call MPI_Info_create(info, ierr)
    call MPI_Info_set(info, 'first key', ' a value ', ierr)
    call MPI_Info_set(info, 'second', 'x', ierr)
    call MPI_Add_error_class(new_class, ierr)
    call MPI_Add_error_code(new_class, new_code, ierr)
    call MPI_Add_error_string(new_code, 'the pump is blocked', ierr)
    call MPI_Alloc_mem(400_address, MPI_INFO_NULL, memory, ierr)
    call c_f_pointer(memory, numbers, [100])
    numbers = rank
  end subroutine

  subroutine environment_use()
    integer, pointer :: numbers(:)
    call information()
    call errors()
    call versions()
    call times_and_threads()
    call c_f_pointer(memory, numbers, [100])
    call check('memory', all(numbers == rank))
  end subroutine

  subroutine environment_free()
    integer, pointer :: numbers(:)
    call MPI_Info_free(info, ierr)
    call check('info freed', info == MPI_INFO_NULL)
    call c_f_pointer(memory, numbers, [100])
    call MPI_Free_mem(numbers, ierr)
  end subroutine

  subroutine information()
    H_INFO :: copy
    character(len=40) :: text
    character(len=MPI_MAX_INFO_KEY) :: key
    integer :: keys, length
    logical :: there
    call MPI_Info_dup(info, copy, ierr)
    call MPI_Info_get_nkeys(copy, keys, ierr)
    call MPI_Info_get_nthkey(copy, 1, key, ierr)
    call check('keys', keys == 2 .and. key == 'second')
    call MPI_Info_get_valuelen(copy, 'first key', length, there, ierr)
    call MPI_Info_get(copy, 'first key', len(text), text, there, ierr)
    call check('value without blanks around it', there .and. text == 'a value' .and. length == 7)
    call MPI_Info_delete(copy, 'second', ierr)
    call MPI_Info_get(copy, 'second', len(text), text, there, ierr)
    call check('deleted', .not. there)
    call MPI_Info_free(copy, ierr)
    call MPI_Info_get(MPI_INFO_ENV, 'maxprocs', len(text), text, there, ierr)
  end subroutine

  subroutine errors()
    character(len=MPI_MAX_ERROR_STRING) :: text
    integer :: length, class
    call MPI_Error_string(new_code, text, length, ierr)
    call MPI_Error_class(new_code, class, ierr)
    call check('added error', text == 'the pump is blocked' .and. class == new_class)
    call MPI_Error_string(MPI_ERR_RANK, text, length, ierr)
    call check('error string', text(1:length) == 'MPI_ERR_RANK: invalid rank')
  end subroutine

  subroutine versions()
    character(len=MPI_MAX_LIBRARY_VERSION_STRING) :: text
    character(len=MPI_MAX_PROCESSOR_NAME) :: name
    integer :: length, version, subversion
    call MPI_Get_version(version, subversion, ierr)
    call check('version', version == MPI_VERSION .and. subversion == MPI_SUBVERSION)
    call MPI_Get_library_version(text, length, ierr)
    call check('library', text(1:8) == 'Open MPI')
    call MPI_Get_processor_name(name, length, ierr)
    call check('processor', length > 0 .and. len_trim(name) == length)
  end subroutine

  subroutine times_and_threads()
    double precision :: now
    logical :: flag
    integer :: provided
    now = MPI_Wtime()
    call check('time goes on', MPI_Wtime() >= now .and. MPI_Wtick() > 0)
    call MPI_Initialized(flag, ierr)
    call check('initialized', flag)
    call MPI_Finalized(flag, ierr)
    call check('not finalized', .not. flag)
    call MPI_Query_thread(provided, ierr)
    call check('threads', provided >= MPI_THREAD_SINGLE)
    call MPI_Is_thread_main(flag, ierr)
    call check('main thread', flag)
    call MPI_Pcontrol(1)
  end subroutine

end module
