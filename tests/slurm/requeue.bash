# SPDX-License-Identifier: Apache-2.0
# The batch script of examples/slurm under a real Slurm: a job that needs longer than its time limit is saved when Slurm's
# signal comes, queued again, and restarted, twice at least; then its answer is right.
. "$(dirname "$0")/../lib/job.bash"
# shellcheck source=tests/slurm/cluster.bash
. "$(dirname "$0")/cluster.bash"
test_begin slurm_requeue mpirun munged slurmctld slurmd sbatch
end_of_test() {
  local status=$?
  stop_cluster
  (exit "$status")
  test_end
}
trap end_of_test EXIT
start_cluster "$SCRATCH/cluster"

export PATH=$BIN:$PATH PROGRAM=$EXAMPLES/heat2d ARGUMENTS="--steps 3000 --seconds 120" SNAPSHOTS=$SCRATCH/snapshots
# Slurm counts in minutes, and may be one early: the signal comes between 15 and 75 seconds after the start.
id=$(sbatch --parsable --time=00:02:00 --signal=B:USR1@45 --output="$SCRATCH/output" \
  "$CAIRN_SOURCE/examples/slurm/checkpointed.sbatch") || fail "sbatch"
requeued=0
until=$(deadline_of 560)
while state=$(squeue -h -j "$id" -o '%T' 2>/dev/null) && [ -n "$state" ]; do
  [ "$SECONDS" -lt "$until" ] || fail "the job is still $state after $requeued requeues: $(tail -n 5 "$SCRATCH/output")"
  if [ "$state" = PENDING ] && [ "$(squeue -h -j "$id" -o '%r')" = BeginTime ]; then
    requeued=$((requeued + 1))
    say "queued again, time $requeued"
    sleep 5  # slurmd takes no job back at once: "credential revoked"
    scontrol update JobId="$id" StartTime=now  # Slurm would wait for two minutes
    while [ "$(squeue -h -j "$id" -o '%T')" = PENDING ] && [ "$SECONDS" -lt "$until" ]; do sleep 0.2; done
  fi
  sleep 0.5
done
grep -q '^PASS' "$SCRATCH/output" || fail "no right answer: $(tail -n 20 "$SCRATCH/output")"
[ "$requeued" -ge 2 ] || fail "queued again $requeued times, not twice"
say "$(grep -c 'Snapshot Ref' "$SCRATCH/output") snapshots; $(grep '^PASS' "$SCRATCH/output")"
