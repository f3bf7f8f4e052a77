# SPDX-License-Identifier: Apache-2.0
# Ranks that have asked for different thread levels: the job runs as without Cairn, and comes back from a checkpoint.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_mixed_levels
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_mixed_levels" "$SCRATCH/stop"
wait_for_line '^begun$' 60
checkpoint
kill_job
restart
touch "$SCRATCH/stop"
expect_pass 60
