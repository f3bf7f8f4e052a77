# SPDX-License-Identifier: Apache-2.0
# No synchronous send is complete before its receive is called, while checkpoints are taken one after the other. SECONDS_OF_JOB
# for a long run.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_early_completion
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_early_completion" "${SECONDS_OF_JOB:-6}"
wait_for_line '^begun$' 60
for ((taken = 0; taken < 200; ++taken)); do
  running "$JOB_PID" && ! grep -q '^[A-Z]*: ' "$JOB_LOG" || break
  timeout -k 5 60 "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 || break
done
[ "$taken" -gt 1 ] || { show_log "$SCRATCH/answer.log"; fail "only $taken checkpoints were taken"; }
say "$taken checkpoints"
expect_pass 60
