# SPDX-License-Identifier: Apache-2.0
# A child of a fork ends although another thread came to MPI at the moment of the fork.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_forked_threads
start_job -np 1 "$CAIRN_BUILD/tests/programs/crcp_forked_threads"
expect_pass 60
