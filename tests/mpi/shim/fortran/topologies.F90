! SPDX-License-Identifier: Apache-2.0
! Cartesian, graph and distributed graph topologies, and the collective calls between neighbours.
#include "binding.inc"
module topologies
  use binding
  use checks
  implicit none
  private
  public :: topologies_make, topologies_use, topologies_persistent, topologies_free
  ! Kept over checkpoints.
  H_COMM :: ring, grid, row, graph, adjacent, general
  integer, asynchronous :: out(2), in(2), swapped(2) = [1, 0]
  integer(kind=address) :: straight_bytes(2) = [0, 4], swapped_bytes(2) = [4, 0]
  H_DATATYPE :: types(2)

contains

  subroutine topologies_make()
    integer :: i, dims(2)
    call MPI_Cart_create(MPI_COMM_WORLD, 1, [n], [.true.], .false., ring, ierr)
    dims = 0
    call MPI_Dims_create(n, 2, dims, ierr)
    call MPI_Cart_create(MPI_COMM_WORLD, 2, dims, [.true., .false.], .false., grid, ierr)
    call MPI_Cart_sub(grid, [.true., .false.], row, ierr)
    ! Each rank has its two neighbours in a ring.
    call MPI_Graph_create(MPI_COMM_WORLD, n, [(2 * i, i = 1, n)], [(mod(i + n - 1, n), mod(i + 1, n), i = 0, n - 1)], .false., &
                          graph, ierr)
    call MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 2, [left, right], [3, 4], 2, [left, right], [3, 4], MPI_INFO_NULL, &
                                        .false., adjacent, ierr)
    call MPI_Dist_graph_create(MPI_COMM_WORLD, 1, [rank], [1], [right], MPI_UNWEIGHTED, MPI_INFO_NULL, .false., general, ierr)
    types = MPI_INTEGER
    out = 100 * rank + [1, 2]
  end subroutine

  subroutine topologies_use()
    call cartesian()
    call graphs()
    call distributed()
    call blocking(ring)
    call non_blocking(ring)
    call blocking(adjacent)
  end subroutine

  subroutine topologies_free()
    call MPI_Comm_free(ring, ierr)
    call MPI_Comm_free(row, ierr)
    call MPI_Comm_free(grid, ierr)
    call MPI_Comm_free(graph, ierr)
    call MPI_Comm_free(adjacent, ierr)
    call MPI_Comm_free(general, ierr)
    call check('communicator freed', general == MPI_COMM_NULL)
  end subroutine

  subroutine cartesian()
    integer :: kind, dims(2), here(2), there, from, to, members, mapped
    logical :: periods(2)
    call MPI_Topo_test(grid, kind, ierr)
    call check('kind of a grid', kind == MPI_CART)
    call MPI_Cartdim_get(grid, members, ierr)
    call check('dimensions', members == 2)
    call MPI_Cart_get(grid, 2, dims, periods, here, ierr)
    call check('grid', product(dims) == n .and. periods(1) .and. .not. periods(2))
    call MPI_Cart_coords(grid, rank, 2, here, ierr)
    call MPI_Cart_rank(grid, here, there, ierr)
    call check('place in the grid', there == rank)
    call MPI_Comm_size(row, members, ierr)
    call check('row of the grid', members == dims(1))
    call MPI_Cart_shift(ring, 0, 1, from, to, ierr)
    call check('shift', from == left .and. to == right)
    call MPI_Cart_map(MPI_COMM_WORLD, 1, [n], [.true.], mapped, ierr)
    call check('map', mapped == rank)
  end subroutine

  subroutine graphs()
    integer :: kind, nodes, edges, i, mapped, index(n), list(2 * n), two(2)
    call MPI_Topo_test(graph, kind, ierr)
    call check('kind of a graph', kind == MPI_GRAPH)
    call MPI_Graphdims_get(graph, nodes, edges, ierr)
    call check('size of a graph', nodes == n .and. edges == 2 * n)
    call MPI_Graph_get(graph, n, 2 * n, index, list, ierr)
    call check('graph', all(index == [(2 * i, i = 1, n)]) .and. all(list(2 * rank + 1:2 * rank + 2) == [left, right]))
    call MPI_Graph_neighbors_count(graph, rank, edges, ierr)
    call MPI_Graph_neighbors(graph, rank, 2, two, ierr)
    call check('neighbours', edges == 2 .and. all(two == [left, right]))
    call MPI_Graph_map(MPI_COMM_WORLD, n, index, list, mapped, ierr)
    call check('map of a graph', mapped == rank)
  end subroutine

  subroutine distributed()
    integer :: kind, ins, outs, from(2), to(2), from_weights(2), to_weights(2)
    logical :: weighted
    call MPI_Topo_test(adjacent, kind, ierr)
    call check('kind of a distributed graph', kind == MPI_DIST_GRAPH)
    call MPI_Dist_graph_neighbors_count(adjacent, ins, outs, weighted, ierr)
    call check('number of neighbours', ins == 2 .and. outs == 2 .and. weighted)
    call MPI_Dist_graph_neighbors(adjacent, 2, from, from_weights, 2, to, to_weights, ierr)
    call check('weighted neighbours', all(from == [left, right]) .and. all(from_weights == [3, 4]) .and. all(to_weights == [3, 4]))
    call MPI_Dist_graph_neighbors_count(general, ins, outs, weighted, ierr)
    call MPI_Dist_graph_neighbors(general, 1, from, MPI_UNWEIGHTED, 1, to, MPI_UNWEIGHTED, ierr)
    call check('neighbours without weights', from(1) == left .and. to(1) == right .and. .not. weighted)
  end subroutine

#define JOINED(a_) a_
#define COMM comm
#define TAIL , ierr
#define FINISH
#define CALLED(name_) JOINED(MPI_)name_
  subroutine blocking(comm)
    H_COMM, intent(in) :: comm
#include "neighbours.inc"
  end subroutine

#undef TAIL
#undef FINISH
#undef CALLED
#define TAIL , request, ierr
#define FINISH call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
#define CALLED(name_) JOINED(MPI_I)name_
  subroutine non_blocking(comm)
    H_COMM, intent(in) :: comm
    H_REQUEST :: request
#include "neighbours.inc"
  end subroutine

#undef TAIL
#undef FINISH
#undef CALLED
#undef COMM
#define COMM ring
#define TAIL , MPI_INFO_NULL, request, ierr
#define FINISH call run(request)
#define CALLED(name_) JOINED(MPIX_)JOINED(name_)_init
  subroutine topologies_persistent()
    H_REQUEST :: request
#include "neighbours.inc"
  end subroutine

  subroutine run(request)
    H_REQUEST :: request
    call MPI_Start(request, ierr)
    call MPI_Wait(request, MPI_STATUS_IGNORE, ierr)
    call MPI_Request_free(request, ierr)
  end subroutine

end module
