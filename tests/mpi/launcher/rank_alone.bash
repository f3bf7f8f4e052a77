# SPDX-License-Identifier: Apache-2.0
# A rank is not restarted alone: cr_restart says what to do instead, before it starts anything, also of a rank with
# children, and of a file that has been copied out of its snapshot.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.rank_alone mpirun ompi-checkpoint cr_restart

# refused WHAT PATTERN: as wrong arguments.
refused() {
  timeout 30 "$BIN/cr_restart" --run-on-success 'touch ran' "$1" >refused.log 2>&1 </dev/null
  local status=$?
  { [ "$status" -eq 2 ] && grep -Eq -- "$2" refused.log && [ ! -e ran ]; } || fail "$1: $status: $(cat refused.log)"
}

start_job -np 2 "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
checkpoint --term
wait_job 60
refused "$SNAPSHOT/0/rank_1.ctx" "rank_1.ctx is of rank 1 of an MPI job.* use ompi-restart $SNAPSHOT$"
cp "$SNAPSHOT/0/rank_0.ctx" elsewhere
refused elsewhere "elsewhere is of rank 0 of an MPI job.* use ompi-restart SNAPSHOT$"
