! SPDX-License-Identifier: Apache-2.0
! Datatypes: all constructors, what they can be asked, packing, names, attributes, types by precision and size.
#include "binding.inc"
module datatypes
  use binding
  use checks
  implicit none
  private
  public :: datatypes_make, datatypes_use, datatypes_free
  integer, parameter :: many = 15, bytes = 4
  ! Kept over checkpoints.
  H_DATATYPE :: made(many)
  integer :: combiners(many), sizes(many)

contains

  subroutine datatypes_make()
    integer :: count
    count = 0
    call make_regular(count)
    call make_indexed(count)
    call make_arrays(count)
    call make_precise(count)
    call check('all types made', count == many)
    call MPI_Type_set_name(made(1), 'a row', ierr)
  end subroutine

  ! The next type that is made has this combiner, and so many integers in it.
  subroutine expect(count, combiner, integers)
    integer, intent(inout) :: count
    integer, intent(in) :: combiner, integers
    count = count + 1
    combiners(count) = combiner
    sizes(count) = integers * bytes
  end subroutine

  subroutine make_regular(count)
    integer, intent(inout) :: count
    integer :: i
    call expect(count, MPI_COMBINER_CONTIGUOUS, 3)
    call MPI_Type_contiguous(3, MPI_INTEGER, made(count), ierr)
    call expect(count, MPI_COMBINER_VECTOR, 4)
    call MPI_Type_vector(2, 2, 3, MPI_INTEGER, made(count), ierr)
    call expect(count, MPI_COMBINER_HVECTOR, 2)
    call MPI_Type_create_hvector(2, 1, 12_address, MPI_INTEGER, made(count), ierr)
    call expect(count, MPI_COMBINER_DUP, 4)
    call MPI_Type_dup(made(2), made(count), ierr)
    call expect(count, MPI_COMBINER_RESIZED, 3)
    call MPI_Type_create_resized(made(1), 0_address, 32_address, made(count), ierr)
    do i = 1, count
      call MPI_Type_commit(made(i), ierr)
    end do
  end subroutine

  subroutine make_indexed(count)
    integer, intent(inout) :: count
    integer :: i, first
    first = count + 1
    call expect(count, MPI_COMBINER_INDEXED, 3)
    call MPI_Type_indexed(2, [1, 2], [0, 3], MPI_INTEGER, made(count), ierr)
    call expect(count, MPI_COMBINER_HINDEXED, 3)
    call MPI_Type_create_hindexed(2, [1, 2], [0_address, 12_address], MPI_INTEGER, made(count), ierr)
    call expect(count, MPI_COMBINER_INDEXED_BLOCK, 4)
    call MPI_Type_create_indexed_block(2, 2, [0, 4], MPI_INTEGER, made(count), ierr)
    call expect(count, MPI_COMBINER_HINDEXED_BLOCK, 4)
    call MPI_Type_create_hindexed_block(2, 2, [0_address, 16_address], MPI_INTEGER, made(count), ierr)
    call expect(count, MPI_COMBINER_STRUCT, 4)
    call MPI_Type_create_struct(2, [1, 1], [0_address, 16_address], [made(1), MPI_INTEGER], made(count), ierr)
    do i = first, count
      call MPI_Type_commit(made(i), ierr)
    end do
  end subroutine

  subroutine make_arrays(count)
    integer, intent(inout) :: count
    call expect(count, MPI_COMBINER_SUBARRAY, 4)
    call MPI_Type_create_subarray(2, [4, 4], [2, 2], [1, 1], MPI_ORDER_FORTRAN, MPI_INTEGER, made(count), ierr)
    call MPI_Type_commit(made(count), ierr)
    call expect(count, MPI_COMBINER_DARRAY, 4)
    call MPI_Type_create_darray(2, 1, 1, [8], [MPI_DISTRIBUTE_CYCLIC], [MPI_DISTRIBUTE_DFLT_DARG], [2], MPI_ORDER_FORTRAN, &
                                MPI_INTEGER, made(count), ierr)
    call MPI_Type_commit(made(count), ierr)
  end subroutine

  subroutine make_precise(count)
    integer, intent(inout) :: count
    call expect(count, MPI_COMBINER_F90_INTEGER, 2)
    call MPI_Type_create_f90_integer(12, made(count), ierr)
    call expect(count, MPI_COMBINER_F90_REAL, 2)
    call MPI_Type_create_f90_real(12, 100, made(count), ierr)
    call expect(count, MPI_COMBINER_F90_COMPLEX, 2)
    call MPI_Type_create_f90_complex(6, 30, made(count), ierr)
  end subroutine

  subroutine datatypes_use()
    integer :: i
    do i = 1, many
      call ask(i)
      call extents(i)
      call sent(i)
    end do
    call contents()
    call packed()
    call external32()
    call names()
    call by_size()
    call arithmetic()
    call counted()
  end subroutine

  subroutine datatypes_free()
    integer :: i
    do i = 1, many
      ! Types by precision belong to the library.
      if (any(combiners(i) == [MPI_COMBINER_F90_INTEGER, MPI_COMBINER_F90_REAL, MPI_COMBINER_F90_COMPLEX])) cycle
      call MPI_Type_free(made(i), ierr)
      call check('type freed', made(i) == MPI_DATATYPE_NULL)
    end do
  end subroutine

  subroutine ask(i)
    integer, intent(in) :: i
    integer :: size, integers, addresses, datatypes, combiner
    integer(kind=MPI_COUNT_KIND) :: size_x
    call MPI_Type_size(made(i), size, ierr)
    call MPI_Type_size_x(made(i), size_x, ierr)
    call check('size of a type', size == sizes(i) .and. size_x == sizes(i))
    call MPI_Type_get_envelope(made(i), integers, addresses, datatypes, combiner, ierr)
    call check('combiner of a type', combiner == combiners(i))
  end subroutine

  subroutine extents(i)
    integer, intent(in) :: i
    integer(kind=address) :: low, extent, true_low, true_extent
    integer(kind=MPI_COUNT_KIND) :: low_x, extent_x
    call MPI_Type_get_extent(made(i), low, extent, ierr)
    call MPI_Type_get_extent_x(made(i), low_x, extent_x, ierr)
    call check('extent', low == low_x .and. extent == extent_x)
    call MPI_Type_get_true_extent(made(i), true_low, true_extent, ierr)
    call MPI_Type_get_true_extent_x(made(i), low_x, extent_x, ierr)
    call check('true extent', true_low == low_x .and. true_extent == extent_x .and. true_extent >= sizes(i))
    if (combiners(i) == MPI_COMBINER_RESIZED) call check('resized', extent == 32)
  end subroutine

  ! What the type covers comes back in the same places, and the rest is left alone.
  subroutine sent(i)
    integer, intent(in) :: i
    integer :: from(16), to(16), j
    from = [(100 * rank + j, j = 1, 16)]
    to = -1
    call MPI_Sendrecv(from, 1, made(i), rank, 1, to, 1, made(i), rank, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE, ierr)
    call check('what a type covers', count(to == from) * bytes == sizes(i) .and. all(to == from .or. to == -1))
  end subroutine

  subroutine contents()
    integer :: integers(8), size
    integer(kind=address) :: addresses(2)
    H_DATATYPE :: parts(2)
    call MPI_Type_get_contents(made(10), 3, 2, 2, integers, addresses, parts, ierr)
    call MPI_Type_size(parts(1), size, ierr)
    call check('parts of a struct', all(integers(1:3) == [2, 1, 1]) .and. all(addresses == [0, 16]) .and. size == 12)
    call check('a predefined part', parts(2) == MPI_INTEGER)
    call MPI_Type_free(parts(1), ierr)
    call MPI_Type_get_contents(made(11), 8, 0, 1, integers, addresses, parts, ierr)
    call check('parts of a subarray', all(integers == [2, 4, 4, 2, 2, 1, 1, MPI_ORDER_FORTRAN]) .and. parts(1) == MPI_INTEGER)
  end subroutine

  subroutine packed()
    integer :: place, size, from(16), to(16), j
    character :: buffer(200)
    call MPI_Pack_size(1, made(2), MPI_COMM_WORLD, size, ierr)
    call check('room for a packed vector', size >= sizes(2) .and. size <= 200)
    from = [(j, j = 1, 16)]
    to = -1
    place = 0
    call MPI_Pack(from, 1, made(2), buffer, 200, place, MPI_COMM_WORLD, ierr)
    call check('packed', place == sizes(2))
    place = 0
    call MPI_Unpack(buffer, 200, place, to, 4, MPI_INTEGER, MPI_COMM_WORLD, ierr)
    call check('unpacked', all(to(1:4) == [1, 2, 4, 5]))
  end subroutine

  subroutine external32()
    integer(kind=address) :: place, size
    integer :: from(2), to(2)
    character :: buffer(64)
    call MPI_Pack_external_size('external32', 2, MPI_INTEGER, size, ierr)
    call check('external size', size == 8)
    from = [rank, 258]
    place = 0
    call MPI_Pack_external('external32', from, 2, MPI_INTEGER, buffer, 64_address, place, ierr)
    call check('most significant byte first', place == 8 .and. ichar(buffer(7)) == 1 .and. ichar(buffer(8)) == 2)
    place = 0
    call MPI_Unpack_external('external32', buffer, 64_address, place, to, 2, MPI_INTEGER, ierr)
    call check('unpacked from external32', all(to == from))
  end subroutine

  subroutine names()
    character(len=MPI_MAX_OBJECT_NAME) :: name
    integer :: length
    call MPI_Type_get_name(made(1), name, length, ierr)
    call check('name of a type', name == 'a row' .and. length == 5)
    call MPI_Type_get_name(MPI_DOUBLE_PRECISION, name, length, ierr)
    call check('name of a predefined type', name == 'MPI_DOUBLE_PRECISION')
  end subroutine

  subroutine by_size()
    integer :: size
    real :: single
    double precision :: double(2)
    character :: letter
    integer(kind=8) :: long
    H_DATATYPE :: type
    call MPI_Type_match_size(MPI_TYPECLASS_REAL, 8, type, ierr)
    call MPI_Type_size(type, size, ierr)
    call check('type by size', size == 8)
    call MPI_Sizeof(single, size, ierr)
    call check('size of a real', size == 4)
    call MPI_Sizeof(double, size, ierr)
    call check('size of an element', size == 8)
    call MPI_Sizeof(letter, size, ierr)
    call check('size of a character', size == 1)
    call MPI_Sizeof(long, size, ierr)
    call check('size of a long integer', size == 8)
  end subroutine

  subroutine arithmetic()
    integer, target :: row(3)
    integer(kind=address) :: first, third
    call MPI_Get_address(row(1), first, ierr)
    call MPI_Get_address(row(3), third, ierr)
    call check('difference of addresses', MPI_Aint_diff(third, first) == 8)
    call check('sum of addresses', MPI_Aint_add(first, 8_address) == third)
  end subroutine

  subroutine counted()
    STATUS :: one
    integer :: count
    integer(kind=MPI_COUNT_KIND) :: count_x
    integer :: from(4), to(4)
    from = rank
    call MPI_Sendrecv(from, 4, MPI_INTEGER, right, 2, to, 4, MPI_INTEGER, left, 2, MPI_COMM_WORLD, one, ierr)
    call MPI_Get_elements_x(one, made(1), count_x, ierr)
    call check('elements of a row and a third', count_x == 4)
    call MPI_Get_count(one, made(1), count, ierr)
    call check('not a whole number of rows', count == MPI_UNDEFINED)
    call MPI_Status_set_elements(one, MPI_INTEGER, 3, ierr)
    call MPI_Get_count(one, MPI_INTEGER, count, ierr)
    call check('elements set', count == 3)
    call MPI_Status_set_elements_x(one, MPI_INTEGER, 7_MPI_COUNT_KIND, ierr)
    call MPI_Get_elements(one, MPI_INTEGER, count, ierr)
    call check('elements set to a long count', count == 7)
  end subroutine

end module
