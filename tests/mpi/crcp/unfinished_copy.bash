# SPDX-License-Identifier: Apache-2.0
# A communicator in the making, whose handle the application has: after a restart it is no communicator of the library that
# is gone.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin crcp_unfinished_copy
start_job -np 2 "$CAIRN_BUILD/tests/programs/crcp_unfinished_copy" "$SCRATCH/go" "$SCRATCH/on"
wait_for_line '^ready'
request_until 'admission' --timeout 40
touch "$SCRATCH/go"
wait "$request" || { show_log "$SCRATCH/answer.log"; fail "not taken"; }
SNAPSHOT=$(find "$SCRATCH/snapshots" -maxdepth 1 -name '*.ckpt')
kill_job
touch "$SCRATCH/on"
restart
expect_pass 60
