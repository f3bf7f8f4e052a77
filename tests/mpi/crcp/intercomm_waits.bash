# SPDX-License-Identifier: Apache-2.0
# A rank waits in MPI_Intercomm_create for the other group, which does not come before the requests are over: checkpoints are
# taken meanwhile, the job goes on, is killed and restarted, and both groups meet.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_intercomm_waits

# Until MPI is initialized, or has been again, it is refused by that name.
checkpoint_when_ready() {
  local end
  end=$(deadline_of 60)
  until "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1; do
    running "$JOB_PID" || fail "the job ended"
    grep -q "MPI_Intercomm_create" "$SCRATCH/answer.log" && fail "a request is refused because of the call"
    [ "$SECONDS" -lt "$end" ] || { show_log "$SCRATCH/answer.log"; fail "no checkpoint is taken"; }
  done
  rm -rf "$SCRATCH"/snapshots/*
}

start_job --oversubscribe --wdir "$SCRATCH" -np 2 "$CAIRN_BUILD/tests/programs/crcp_outsiders" MPI_Intercomm_create
for ((i = 0; i < 2; ++i)); do
  checkpoint_when_ready
  checkpoint
  kill_job
  restart --mpirun_opts --oversubscribe
done
touch "$SCRATCH/come"
expect_pass 60
