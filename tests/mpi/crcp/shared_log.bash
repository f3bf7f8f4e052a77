# SPDX-License-Identifier: Apache-2.0
# A file to which all ranks append: a restart cuts it to what all had written when they stood, so that no line is lost, and
# none is there twice.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_shared_log
start_job --oversubscribe -np 4 "$CAIRN_BUILD/tests/programs/crcp_shared_log" "$SCRATCH/log" 8000
wait_for_line '^step 500$'
checkpoint
wait_for_line '^step 1500$'
kill_job
restart --mpirun_opts --oversubscribe
expect_pass 120
restart --mpirun_opts --oversubscribe
expect_pass 120
