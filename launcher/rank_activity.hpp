// SPDX-License-Identifier: Apache-2.0
// What the ranks of a job do while they come to a checkpoint's cut, in words: who is behind, in which call, on what,
// for whom it waits and where the program made the call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pmix/transport/messages.hpp"

namespace cairn::launcher {

// Is on its way to the cut and not there: others wait for it. Also one that says nothing.
bool is_behind(const pmix::RankState& state);

// Of a thread in a collective: the ranks that have not come to it.
std::vector<std::uint64_t> not_come(const pmix::JobStatus& status, const pmix::RankState& state,
                                    const pmix::ThreadState& thread);

// "admission: is in MPI_Recv on MPI_COMM_WORLD (from rank 3, tag 7), called from work+0x1f (prog)"; empty: nothing
// known
std::string describe_doing(const pmix::JobStatus& status, const pmix::RankState& state);
// The same of a rank: "rank 2: admission: ..."
std::string describe_rank(const pmix::JobStatus& status, std::uint64_t rank, const pmix::RankState& state);

// Those that are behind, one a line, and those in collectives to which others have not come; at most `most` of them.
std::vector<std::string> ranks_behind(const pmix::JobStatus& status, std::size_t most);

}  // namespace cairn::launcher
