! SPDX-License-Identifier: Apache-2.0
! use mpi_f08: typed handles, type-bound comparison, callbacks, optional ierror.
module callbacks08
  use mpi_f08
  implicit none
contains
  subroutine biggest(in, inout, n, type) bind(c)
    use iso_c_binding
    type(c_ptr), value :: in, inout
    integer :: n, i
    type(MPI_Datatype) :: type
    integer, pointer :: a(:), b(:)
    call c_f_pointer(in, a, [n])
    call c_f_pointer(inout, b, [n])
    do i = 1, n
      b(i) = max(a(i), b(i))
    end do
  end subroutine
end module

program fortran_f08
  use callbacks08
  implicit none
  integer :: rank, n, x, dims(2), coords(2), total, length
  logical :: periods(2), flag
  type(MPI_Comm) :: comm, cart
  type(MPI_Datatype) :: type
  type(MPI_Op) :: op
  type(MPI_Request) :: requests(2)
  type(MPI_Status) :: statuses(2)
  type(MPI_Group) :: group
  character(len=MPI_MAX_OBJECT_NAME) :: name
  integer :: in(2), out(2)
  call MPI_Init()
  call MPI_Comm_rank(MPI_COMM_WORLD, rank)
  call MPI_Comm_size(MPI_COMM_WORLD, n)
  call MPI_Op_create(biggest, .true., op)
  call MPI_Allreduce(rank, x, 1, MPI_INTEGER, op, MPI_COMM_WORLD)
  print *, rank, 'biggest', x
  call MPI_Op_free(op)
  call MPI_Comm_split(MPI_COMM_WORLD, mod(rank, 2), 0, comm)
  call MPI_Comm_set_name(comm, 'half of the world')
  call MPI_Comm_get_name(comm, name, length)
  call MPI_Allreduce(rank, total, 1, MPI_INTEGER, MPI_SUM, comm)
  print *, rank, name(1:length), total, comm == MPI_COMM_WORLD
  call MPI_Comm_group(comm, group)
  call MPI_Group_size(group, x)
  print *, rank, 'group', x
  call MPI_Group_free(group)
  call MPI_Comm_free(comm)
  dims = 0
  periods = .true.
  call MPI_Dims_create(n, 2, dims)
  call MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, .false., cart)
  call MPI_Cart_coords(cart, rank, 2, coords)
  print *, rank, 'coords', coords
  call MPI_Comm_free(cart)
  call MPI_Type_contiguous(2, MPI_INTEGER, type)
  call MPI_Type_commit(type)
  out = [rank, rank * 2]
  call MPI_Irecv(in, 1, type, mod(rank + n - 1, n), 3, MPI_COMM_WORLD, requests(1))
  call MPI_Isend(out, 1, type, mod(rank + 1, n), 3, MPI_COMM_WORLD, requests(2))
  call MPI_Waitall(2, requests, statuses)
  print *, rank, 'ring', in, statuses(1)%MPI_SOURCE, statuses(1)%MPI_TAG, requests(1) == MPI_REQUEST_NULL
  call MPI_Type_free(type)
  call MPI_Initialized(flag)
  print *, rank, flag, MPI_Wtime() > 0
  call MPI_Finalize()
end program
