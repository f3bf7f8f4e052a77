# SPDX-License-Identifier: Apache-2.0
# For tests of jobs that say "round N" again and again until there is the file $SCRATCH/stop. Source it after job.bash.

# more_rounds N SECONDS: as many rounds more. The numbers go on in a restarted job, whose log is a new one.
more_rounds() {
  local last
  last=$(sed -n 's/^round //p' "$JOB_LOG" | tail -n 1)
  wait_for_line "^round $((last + $1))\$" "$2"
}

# survives CHECKPOINTS ROUNDS SECONDS: the job is checkpointed as often, killed and restarted; after as many rounds more,
# each within so long, it is told to stop, and passes.
survives() {
  local i
  for ((i = 0; i < $1; ++i)); do
    checkpoint
    more_rounds 1 "$3"
  done
  kill_job
  restart
  wait_for_line '^round' "$3"
  more_rounds "$2" "$3"
  touch "$SCRATCH/stop"
  expect_pass 60
}
