# SPDX-License-Identifier: Apache-2.0
# A restarted job ends as its program says when that calls MPI_Abort.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../../lib/job.bash"
test_begin shim_halves_abort
start_job --oversubscribe -np 2 "$CAIRN_BUILD/tests/programs/shim_halves_abort" "$SCRATCH/stop"
wait_for_line '^round '
checkpoint --term
wait_job
restart --mpirun_opts --oversubscribe
wait_for_line '^round '
touch "$SCRATCH/stop"
expect_status 42
! grep -q 'barrier is over' "$JOB_LOG" || fail "a rank went on after MPI_Abort"
