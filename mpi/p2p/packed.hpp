// SPDX-License-Identifier: Apache-2.0
// A message as bytes, as it is sent: of buffered sends, and where a receive overwrites what is sent. In a section;
// enters the library.
#pragma once

#include <cstddef>

#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

// How many bytes `count` of the type are. Gives the real library's error for a count or type that it does not take.
int packed_size(int count, shim::RealDatatype* type, ompi_communicator_t* comm, std::size_t* size) noexcept;
// Into `bytes`, which has room for `size`.
int pack(const void* buffer, int count, shim::RealDatatype* type, ompi_communicator_t* comm, void* bytes,
         std::size_t size) noexcept;

}  // namespace cairn::p2p
