# SPDX-License-Identifier: Apache-2.0
# The ranks of mpirun --with-cr get the signals that Open MPI's mpirun forwards, at first and after a restart.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.forwarded mpirun ompi-checkpoint ompi-restart
forwarded=()
for name in ALRM ABRT VTALRM PROF PWR SYS TRAP XCPU XFSZ USR1 USR2; do forwarded+=("$(kill -l "$name")"); done

walk() {
  local signal
  wait_for_line '^rank 0 works'
  wait_for_line '^rank 1 works'
  for signal in "${forwarded[@]}"; do
    kill -s "$signal" "$JOB_PID"
    wait_for_line "^rank 0 got $signal\$" 20
    wait_for_line "^rank 1 got $signal\$" 20
  done
}
start_job -np 2 "$CAIRN_BUILD/tests/programs/launcher_forwarded" "${forwarded[@]}"
walk
checkpoint
kill_job
restart
walk
kill_job
