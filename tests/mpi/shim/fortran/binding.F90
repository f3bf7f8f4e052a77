! SPDX-License-Identifier: Apache-2.0
! The binding that this build tests (BINDING_MPIF, BINDING_MPI or BINDING_F08), under one name.
module binding
#if defined(BINDING_MPIF)
  implicit none
  include 'mpif.h'
  include 'mpif-ext.h'
#elif defined(BINDING_MPI)
  use mpi
  use mpi_ext
#else
  use mpi_f08
  use mpi_f08_ext
#endif
end module
