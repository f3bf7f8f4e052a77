# SPDX-License-Identifier: Apache-2.0
# A program of a job that does not get mpirun's variables is a job of its own to MPI, which starts Open MPI's daemon for it: it
# runs as without Cairn, and the job is not saved.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.singleton mpirun ompi-checkpoint
kept=()
for name in PATH HOME TMPDIR CAIRN_TEST_ID OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM; do
  [ -z "${!name:-}" ] || kept+=("$name=${!name}")
done
start_job -np 2 env -i "${kept[@]}" "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
"$BIN/ompi-checkpoint" "$JOB_PID" >answer 2>&1
status=$?
[ "$status" -eq 3 ] && grep -q 'has not called MPI_Init' answer || fail "status $status: $(cat answer)"
kill_job
start_job -np 1 env -i "${kept[@]}" "$EXAMPLES/ring" --steps 50
expect_pass
