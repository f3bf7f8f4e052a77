# SPDX-License-Identifier: Apache-2.0
# mpirun is stopped while a request is on its way to F0 or F2 ($1), where the ranks need its word. They go on without it
# when the time is over, and nothing looks like a snapshot. Continued, it says why, and the next request succeeds.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
fence=$1
test_begin "crcp_mpirun_stopped.$fence"
[ "$fence" = F2 ] || touch "$SCRATCH/come"
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_mpirun_stopped" "$SCRATCH/come" "$SCRATCH/until"

wait_for_line '^rank 1 is process'
late=$(sed -n 's/^rank 1 is process //p' "$JOB_LOG")
if [ "$fence" = F0 ]; then
  wait_for_line '^round 2$'
  kill -STOP "$late"
  before='request: waiting for all ranks'
else
  before='admission: has been outside'
fi
timeout -k 5 100 "$BIN/ompi-checkpoint" --timeout 8 "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 &
request=$!
until_answered 10 says "$before"
kill -STOP "$JOB_PID"
touch "$SCRATCH/come"
kill -CONT "$late"
until_answered 20 more_rounds $(($(rounds) + 20))
[ -z "$(find "$SCRATCH/snapshots" -name manifest.h5)" ] || fail "there is a manifest"
kill -CONT "$JOB_PID"
wait "$request"
code=$?
[ "$code" -eq 3 ] || { show_log "$SCRATCH/answer.log"; fail "ompi-checkpoint: status $code"; }
until_answered 20 is_free
[ -z "$(find "$SCRATCH/snapshots" -name '*.ctx')" ] || fail "images of a checkpoint that failed are left"
checkpoint
touch "$SCRATCH/until"
expect_pass 60
