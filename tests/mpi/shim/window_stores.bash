# SPDX-License-Identifier: Apache-2.0
# window_stores.bash: what ranks write to memory that they have in common is of one moment in all images, and nothing that
# they write after a restart is lost; twice, with and without forked copies.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_window_stores
for fork in yes no; do
  start_job --cr-fork "$fork" --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/shim_window_stores" "$SCRATCH/stop"
  wait_for_line '^round 2$'
  checkpoint
  kill_job
  restart --mpirun_opts --oversubscribe
  wait_for_line '^round '
  checkpoint --term
  wait_job
  restart --mpirun_opts --oversubscribe
  wait_for_line '^round '
  touch "$SCRATCH/stop"
  expect_pass
  rm "$SCRATCH/stop"
done
