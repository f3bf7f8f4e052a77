# SPDX-License-Identifier: Apache-2.0
# intercomms.bash RANKS TRANSPORT [PARTS]: a program with intercommunicators (intercomms/main.c) goes on after a checkpoint; is
# killed and restarted from one; is checkpointed again, killed and restarted; ends right.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_intercomms
case $2 in
  tcp) transport=(--mca pml ob1 --mca btl "tcp,self") ;;
  *) transport=(--mca pml ob1 --mca btl "vader,self") ;;
esac

rounds() { grep -c '^round' "$JOB_LOG"; }
await_more_rounds() {
  local before end
  before=$(rounds)
  end=$(deadline_of 60)
  until [ "$(rounds)" -gt "$before" ]; do
    running "$JOB_PID" || fail "the job ended"
    [ "$SECONDS" -lt "$end" ] || fail "the job stands still"
    sleep 0.02
  done
}

start_job --oversubscribe "${transport[@]}" -np "$1" "$CAIRN_BUILD/tests/programs/crcp_intercomms" "${3:-imcrn}" "$SCRATCH/until"
wait_for_line '^round 1'
for ((i = 0; i < ${CAIRN_REQUESTS:-2}; ++i)); do
  checkpoint
  await_more_rounds
  rm -rf "$SCRATCH"/snapshots/*
done
for ((i = 0; i < 2; ++i)); do
  checkpoint
  kill_job
  restart --mpirun_opts "--oversubscribe ${transport[*]}"
  await_more_rounds
done
touch "$SCRATCH/until"
expect_pass 60
