# SPDX-License-Identifier: Apache-2.0
# error_handlers.bash checkpoint | thread
# The application's error handler runs with no lock of ours held: a checkpoint is taken while a rank is in it, and another
# thread that it waits for may use MPI.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_error_handlers
program=$CAIRN_BUILD/tests/programs/crcp_error_handlers
if [ "$1" = thread ]; then
  start_job -np 1 "$program"
  expect_pass 30
  exit 0
fi
start_job -np 1 "$program" "$SCRATCH/go"
wait_for_line '^handling'
checkpoint --timeout 20
kill_job
touch "$SCRATCH/go"
restart
expect_pass 60
