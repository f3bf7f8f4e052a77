! SPDX-License-Identifier: Apache-2.0
! use mpi: the module's interfaces, sentinels that are arrays, MPI_BOTTOM.
program fortran_usempi
  use mpi
  implicit none
  integer :: ierr, rank, n, x, type, i, requests(2), lengths(2), indegree, outdegree, graph
  integer :: left(1), right(1), weights(1), from(1), to(1)
  integer(kind=MPI_ADDRESS_KIND) :: places(2)
  double precision :: a, b, received(2)
  logical :: weighted
  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, n, ierr)
  a = rank + 0.5d0
  b = rank + 0.25d0
  call MPI_Get_address(a, places(1), ierr)
  call MPI_Get_address(b, places(2), ierr)
  lengths = 1
  call MPI_Type_create_struct(2, lengths, places, [MPI_DOUBLE_PRECISION, MPI_DOUBLE_PRECISION], type, ierr)
  call MPI_Type_commit(type, ierr)
  call MPI_Isend(MPI_BOTTOM, 1, type, mod(rank + 1, n), 2, MPI_COMM_WORLD, requests(1), ierr)
  call MPI_Irecv(received, 2, MPI_DOUBLE_PRECISION, mod(rank + n - 1, n), 2, MPI_COMM_WORLD, requests(2), ierr)
  call MPI_Waitall(2, requests, MPI_STATUSES_IGNORE, ierr)
  print *, rank, received
  call MPI_Type_free(type, ierr)
  left = mod(rank + n - 1, n)
  right = mod(rank + 1, n)
  call MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, left, MPI_UNWEIGHTED, 1, right, MPI_UNWEIGHTED, MPI_INFO_NULL, .false., &
                                      graph, ierr)
  call MPI_Dist_graph_neighbors_count(graph, indegree, outdegree, weighted, ierr)
  print *, rank, indegree, outdegree, weighted
  call MPI_Dist_graph_neighbors(graph, 1, from, MPI_UNWEIGHTED, 1, to, MPI_UNWEIGHTED, ierr)
  print *, rank, from, to
  call MPI_Comm_free(graph, ierr)
  call MPI_Type_create_f90_real(6, 30, type, ierr)
  call MPI_Type_size(type, x, ierr)
  print *, rank, 'f90 real', x
  call MPI_Sizeof(a, x, ierr)
  call MPI_Type_match_size(MPI_TYPECLASS_REAL, x, type, ierr)
  print *, rank, 'match', x, type == MPI_REAL8 .or. type == MPI_DOUBLE_PRECISION
  print *, rank, MPI_Wtime() > 0, MPI_Aint_add(places(1), 8_MPI_ADDRESS_KIND) - places(1)
  call MPI_Finalize(ierr)
end program
