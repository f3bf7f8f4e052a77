# SPDX-License-Identifier: Apache-2.0
# Checkpoints at moments at which ranks wait inside collectives and exchanges: the job goes on unharmed, and a restart of
# the last of them ends as it would have.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_late_rank
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_late_rank" 8
wait_for_line '^round 1'
checkpoint
checkpoint
checkpoint
expect_pass 120
restart --mpirun_opts "--oversubscribe"
expect_pass 120
