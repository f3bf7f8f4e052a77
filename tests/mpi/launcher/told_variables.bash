# SPDX-License-Identifier: Apache-2.0
# Variables that ompi-restart --mpirun_opts tells by -x are what the restarted ranks have; all others are as they were.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.told_variables mpirun ompi-checkpoint ompi-restart
mkdir work
export FROM_HERE=old GONE=old
start_job --wdir "$SCRATCH/work" -np 2 -x GIVEN=old -x OTHER=old -x FROM_HERE -x GONE \
  "$CAIRN_BUILD/tests/programs/launcher_told_variables" GIVEN OTHER FRESH FROM_HERE GONE
for rank in 0 1; do wait_for_line "^before rank $rank: GONE=old$" 60; done
checkpoint --term
wait_job 60
touch work/go

# has NAME=VALUE...: both ranks.
has() {
  local told rank
  for told; do
    for rank in 0 1; do
      grep -qx "after rank $rank: $told" "$JOB_LOG" || fail "rank $rank does not have $told"
    done
  done
}

export FROM_HERE=new
unset GONE
restart --mpirun_opts '-x GIVEN=new -x FRESH=new -x FROM_HERE -x GONE'
expect_status 0
has GIVEN=new OTHER=old FRESH=new FROM_HERE=new GONE=old
restart
expect_status 0
has GIVEN=old OTHER=old 'FRESH=(unset)' FROM_HERE=old
