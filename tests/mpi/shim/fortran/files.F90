! SPDX-License-Identifier: Apache-2.0
! Files: every way to read and write, views, pointers, what can be asked and set.
#include "binding.inc"
module files
  use binding
  use checks
  implicit none
  private
  public :: files_all
  integer, parameter :: offset = MPI_OFFSET_KIND
  H_FILE :: file
  integer, asynchronous :: out(2), in(2)
  integer(kind=offset) :: mine ! where the part of this rank begins, in integers
  integer :: errors = 0

contains

  subroutine files_all()
    character(len=1000) :: path
    call get_environment_variable('SAY_DIRECTORY', path)
    if (path == '') path = '.'
    path = trim(path) // '/families.data'
    call MPI_Bcast(path, len(path), MPI_CHARACTER, 0, MPI_COMM_WORLD, ierr)
    call MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE + MPI_MODE_RDWR, MPI_INFO_NULL, file, ierr)
    call check('opened', ierr == MPI_SUCCESS)
    mine = 2 * rank
    call MPI_File_set_errhandler(file, MPI_ERRORS_ARE_FATAL, ierr)
    call described()
    call viewed()
    call individual()
    call at_places()
    call not_blocking()
    call split()
    call shared()
    call changed()
    call handled()
    call MPI_File_close(file, ierr)
    call check('closed', file == MPI_FILE_NULL)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    if (rank == 0) call MPI_File_delete(path, MPI_INFO_NULL, ierr)
    call representation()
  end subroutine

  subroutine described()
    H_GROUP :: group
    H_INFO :: info
    integer :: mode, size
    integer(kind=offset) :: bytes
    call MPI_File_get_amode(file, mode, ierr)
    call check('mode', mode == MPI_MODE_CREATE + MPI_MODE_RDWR)
    call MPI_File_get_group(file, group, ierr)
    call MPI_Group_size(group, size, ierr)
    call check('group of a file', size == n)
    call MPI_Group_free(group, ierr)
    call MPI_File_get_info(file, info, ierr)
    call MPI_File_set_info(file, info, ierr)
    call MPI_Info_free(info, ierr)
    call MPI_File_set_size(file, 64_offset, ierr)
    call MPI_File_get_size(file, bytes, ierr)
    call check('size', bytes == 64)
  end subroutine

  ! Last: Open MPI 4.1.4 cannot write together after these.
  subroutine changed()
    logical :: atomic
    integer(kind=offset) :: bytes
    call MPI_File_preallocate(file, 256_offset, ierr)
    call MPI_File_get_size(file, bytes, ierr)
    call check('preallocated', bytes == 256)
    call MPI_File_set_atomicity(file, .true., ierr)
    call MPI_File_get_atomicity(file, atomic, ierr)
    call check('atomic', atomic)
  end subroutine

  subroutine viewed()
    H_DATATYPE :: element, whole
    character(len=MPI_MAX_DATAREP_STRING) :: form
    integer(kind=offset) :: begin, bytes
    integer(kind=address) :: extent
    call MPI_File_set_view(file, 0_offset, MPI_INTEGER, MPI_INTEGER, 'native', MPI_INFO_NULL, ierr)
    call MPI_File_get_view(file, begin, element, whole, form, ierr)
    call check('view', begin == 0 .and. form == 'native')
    call MPI_File_get_byte_offset(file, 3_offset, bytes, ierr)
    call check('place in bytes', bytes == 12)
    call MPI_File_get_type_extent(file, MPI_INTEGER, extent, ierr)
    call check('extent in a file', extent == 4)
  end subroutine

  subroutine fill(base)
    integer, intent(in) :: base
    out = base + 10 * rank + [1, 2]
    in = -1
  end subroutine

  subroutine seek()
    call MPI_File_sync(file, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    call MPI_File_seek(file, mine, MPI_SEEK_SET, ierr)
  end subroutine

  subroutine individual()
    STATUS :: one
    integer(kind=offset) :: place
    integer :: count
    call fill(1000)
    call MPI_File_seek(file, mine, MPI_SEEK_SET, ierr)
    call MPI_File_write(file, out, 2, MPI_INTEGER, one, ierr)
    call MPI_Get_count(one, MPI_INTEGER, count, ierr)
    call MPI_File_get_position(file, place, ierr)
    call check('place after writing', count == 2 .and. place == mine + 2)
    call seek()
    call MPI_File_read(file, in, 2, MPI_INTEGER, one, ierr)
    call check('read', all(in == out))
    call fill(2000)
    call seek()
    call MPI_File_write_all(file, out, 2, MPI_INTEGER, one, ierr)
    call seek()
    call MPI_File_read_all(file, in, 2, MPI_INTEGER, one, ierr)
    call check('read by all', all(in == out))
  end subroutine

  subroutine at_places()
    STATUS :: one
    call fill(3000)
    call MPI_File_write_at(file, mine, out, 2, MPI_INTEGER, one, ierr)
    call MPI_File_sync(file, ierr)
    call MPI_File_read_at(file, mine, in, 2, MPI_INTEGER, MPI_STATUS_IGNORE, ierr)
    call check('read at a place', all(in == out))
    call fill(4000)
    call MPI_File_write_at_all(file, mine, out, 2, MPI_INTEGER, one, ierr)
    call MPI_File_read_at_all(file, mine, in, 2, MPI_INTEGER, one, ierr)
    call check('read by all at a place', all(in == out))
  end subroutine

  subroutine not_blocking()
    H_REQUEST :: request
    call fill(5000)
    call seek()
    call MPI_File_iwrite(file, out, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call seek()
    call MPI_File_iread(file, in, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call check('read without blocking', all(in == out))
    call fill(6000)
    call MPI_File_iwrite_at(file, mine, out, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_File_iread_at(file, mine, in, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call check('read at a place without blocking', all(in == out))
    call fill(7000)
    call seek()
    call MPI_File_iwrite_all(file, out, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call seek()
    call MPI_File_iread_all(file, in, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call check('read by all without blocking', all(in == out))
    call fill(8000)
    call MPI_File_iwrite_at_all(file, mine, out, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_File_iread_at_all(file, mine, in, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call check('read by all at a place without blocking', all(in == out))
  end subroutine

  subroutine split()
    STATUS :: one
    call fill(9000)
    call seek()
    call MPI_File_write_all_begin(file, out, 2, MPI_INTEGER, ierr)
    call MPI_File_write_all_end(file, out, one, ierr)
    call seek()
    call MPI_File_read_all_begin(file, in, 2, MPI_INTEGER, ierr)
    call MPI_File_read_all_end(file, in, one, ierr)
    call check('read in two parts', all(in == out))
    call fill(10000)
    call MPI_File_write_at_all_begin(file, mine, out, 2, MPI_INTEGER, ierr)
    call MPI_File_write_at_all_end(file, out, one, ierr)
    call MPI_File_read_at_all_begin(file, mine, in, 2, MPI_INTEGER, ierr)
    call MPI_File_read_at_all_end(file, in, one, ierr)
    call check('read at a place in two parts', all(in == out))
  end subroutine

  subroutine rewind_shared(to)
    integer(kind=offset), intent(in) :: to
    call MPI_File_sync(file, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    call MPI_File_seek_shared(file, to, MPI_SEEK_SET, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
  end subroutine

  ! The shared pointer: in the order of ranks, or in any order (then the sum is checked).
  subroutine shared()
    STATUS :: one
    H_REQUEST :: request
    integer(kind=offset) :: place
    integer :: total
    call fill(11000)
    call rewind_shared(0_offset)
    call MPI_File_write_ordered(file, out, 2, MPI_INTEGER, one, ierr)
    call rewind_shared(0_offset)
    call MPI_File_read_ordered(file, in, 2, MPI_INTEGER, one, ierr)
    call check('read in order', all(in == out))
    call MPI_File_get_position_shared(file, place, ierr)
    call MPI_Barrier(MPI_COMM_WORLD, ierr)
    call check('shared place', place == 2 * n)
    call fill(12000)
    call rewind_shared(0_offset)
    call MPI_File_write_ordered_begin(file, out, 2, MPI_INTEGER, ierr)
    call MPI_File_write_ordered_end(file, out, one, ierr)
    call rewind_shared(0_offset)
    call MPI_File_read_ordered_begin(file, in, 2, MPI_INTEGER, ierr)
    call MPI_File_read_ordered_end(file, in, one, ierr)
    call check('read in order in two parts', all(in == out))
    call fill(13000)
    call rewind_shared(0_offset)
    call MPI_File_write_shared(file, out, 2, MPI_INTEGER, one, ierr)
    call rewind_shared(0_offset)
    call MPI_File_read_shared(file, in, 2, MPI_INTEGER, one, ierr)
    call MPI_Allreduce(sum(in) - sum(out), total, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
    call check('read by the shared pointer', total == 0)
    call rewind_shared(0_offset)
    call MPI_File_iwrite_shared(file, out, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call rewind_shared(0_offset)
    call MPI_File_iread_shared(file, in, 2, MPI_INTEGER, request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_Allreduce(sum(in) - sum(out), total, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)
    call check('read by the shared pointer without blocking', total == 0)
  end subroutine

  subroutine on_error(which, code)
    H_FILE :: which
    integer :: code
    if (which /= file .or. code /= MPI_ERR_OTHER) call check('file of an error', .false.)
    errors = errors + 1
  end subroutine

  subroutine handled()
    H_ERRHANDLER :: handler, now
    errors = 0
    call MPI_File_create_errhandler(on_error, handler, ierr)
    call MPI_File_set_errhandler(file, handler, ierr)
    call MPI_File_call_errhandler(file, MPI_ERR_OTHER, ierr)
    call MPI_File_get_errhandler(file, now, ierr)
    call check('error handler of a file', errors == 1 .and. now == handler)
    call MPI_Errhandler_free(now, ierr)
    call MPI_Errhandler_free(handler, ierr)
    call MPI_File_get_errhandler(MPI_FILE_NULL, now, ierr)
    call check('default error handler of files', now == MPI_ERRORS_RETURN)
  end subroutine

  subroutine extent_of(type, extent, extra, ierror)
    H_DATATYPE :: type
    integer(kind=address) :: extent, extra
    integer :: ierror
    extent = 4
    ierror = MPI_SUCCESS
  end subroutine

  ! Open MPI 4.1.4 knows no representations of a program, nor does Cairn; the error is not the same.
  subroutine representation()
    call MPI_Register_datarep('families', MPI_CONVERSION_FN_NULL, MPI_CONVERSION_FN_NULL, extent_of, 0_address, ierr)
    call check('data representation', ierr /= MPI_SUCCESS)
  end subroutine

end module
