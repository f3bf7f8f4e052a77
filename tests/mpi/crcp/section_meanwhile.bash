# SPDX-License-Identifier: Apache-2.0
# A rank that has to go through a critical section before it comes to where others wait for it may do so while a request
# waits for it: the checkpoint is taken.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin crcp_section_meanwhile
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_section_meanwhile" "$SCRATCH/go"
wait_for_line '^rank 2 waits'
request_until '"text":"admission: is in MPI_Recv' --timeout 40
touch "$SCRATCH/go"
wait "$request" || { show_log "$SCRATCH/answer.log"; fail "not taken"; }
expect_pass 60
