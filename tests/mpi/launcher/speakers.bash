# SPDX-License-Identifier: Apache-2.0
# What a restart tells of ranks, and of the processes that came back with them, begins with the command that was given and
# the rank's number.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.speakers mpirun ompi-checkpoint ompi-restart python3

start_job -np 2 "$CAIRN_BUILD/tests/programs/families" 100000000 h
wait_for_line '^step 2/'
checkpoint --term
wait_job 60
restart --verbose
wait_for_line '^step '
for rank in 0 1; do
  lines=$(grep -c "^ompi-restart: rank $rank: process .* goes on" "$JOB_LOG")
  [ "$lines" -eq 2 ] || fail "$lines lines of rank $rank and its child, not 2"
done
! grep -q '^cr_restart:' "$JOB_LOG" || fail "another command speaks"
kill_job
