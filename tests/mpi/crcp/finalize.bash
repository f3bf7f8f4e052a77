# SPDX-License-Identifier: Apache-2.0
# Checkpoints while ranks gather for MPI_Finalize, at moments that move on from job to job: each job ends, and so does what
# is restarted from it. CAIRN_FINALIZE_JOBS is their number (the fault that this looks for needs some hundreds to be met),
# CAIRN_FINALIZE_RANKS that of the ranks.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_finalize
ranks=${CAIRN_FINALIZE_RANKS:-4}
restarted=0
for ((i = 0; i < ${CAIRN_FINALIZE_JOBS:-4}; ++i)); do
  start_job --oversubscribe -np "$ranks" "$CAIRN_BUILD/tests/programs/crcp_finalize" "$((i * 7 % 60))" "$((5 + i % 3 * 5))"
  wait_for_line '^ready'
  # One that comes too late, when MPI is over, is refused.
  if timeout 60 "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/checkpoint.log" 2>&1; then
    SNAPSHOT=$SCRATCH/snapshots/$(sed -n 's/^Snapshot Ref\.: *[0-9]* *//p' "$SCRATCH/checkpoint.log")
    expect_pass 60
    restart --mpirun_opts "--oversubscribe"
    expect_pass 60
    restarted=$((restarted + 1))
    rm -rf "$SNAPSHOT"
  else
    expect_pass 60
  fi
done
say "$restarted of $i jobs were restarted"
