# SPDX-License-Identifier: Apache-2.0
# Where the choice of the engine is left to Cairn, the snapshot names the one that saved each rank, and so does whoever
# shows it; what was asked for is not named.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.engine mpirun ompi-checkpoint ompi-restart ompi-snapshot cr_info

engine=$("$BIN/cr_info" | sed -n 's/^ *engine  *\([a-z]*\): .*/\1/p')
[[ $engine =~ ^(user|kmod)$ ]] || fail "cr_info names no engine"

# names_it LINES COMMAND...: the command's output names the engine in so many lines, and never "auto".
names_it() {
  local lines=$1
  shift
  "$@" >"$SCRATCH/shown" 2>&1 || { show_log "$SCRATCH/shown"; fail "$* failed"; }
  [ "$(grep -Ec "engine\"?[ :]\"?$engine\b" "$SCRATCH/shown")" -eq "$lines" ] && ! grep -qw auto "$SCRATCH/shown" ||
    { show_log "$SCRATCH/shown"; fail "$*: the engine is not named $lines times"; }
}

start_job -np 2 "$EXAMPLES/ring" --seconds 300
wait_for_line '^step 1/'
checkpoint --verbose
names_it 1 cat "$CHECKPOINT_LOG"
kill_job
names_it 1 "$BIN/ompi-snapshot" show "$SNAPSHOT"
names_it 3 "$BIN/ompi-snapshot" show --verbose "$SNAPSHOT"
names_it 1 "$BIN/ompi-snapshot" show --json "$SNAPSHOT"
names_it 1 "$BIN/ompi-restart" --info "$SNAPSHOT"

# One that is not there is refused before the job is started. A job that had it goes on without, and is told so.
export CAIRN_MASK_FEATURES=kmod
names_missing() { grep -q -- '--cr-engine kmod: .*/dev/cairn' "$JOB_LOG" || fail "the engine that is missing is not named"; }
start_command "$BIN/mpirun" --with-cr --cr-engine kmod -np 2 "$EXAMPLES/ring" --seconds 300
expect_status 4 60
names_missing
! grep -q '[sS]tep' "$JOB_LOG" || fail "the job was started"
restart --mpirun_opts '--cr-engine kmod'
wait_for_line '^step'
names_missing
kill_job
