# SPDX-License-Identifier: Apache-2.0
# For tests of launcher, coordinator and agents without guests: $BIN is a scratch installation whose host is
# launcher_rank (see there for RANK_...). Source it after setting nothing.
CAIRN_BUILD=$CAIRN_BUILD/tests/launcher
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"

# launcher_begin NAME: test_begin, and the file whose appearance ends the ranks.
launcher_begin() {
  test_begin "$@"
  export RANK_UNTIL=$SCRATCH/until RANK_FAIL='' RANK_DIE='' RANK_HANG=''
}

# start_ranks N [OPTIONS]: a job of N ranks, all of them connected. The program is any that exists.
start_ranks() {
  local n=$1
  shift
  start_job "$@" -np "$n" true
  wait_for_state running
}

end_ranks() {
  touch "$RANK_UNTIL"
  expect_status "${1:-0}" 60
}

# wait_for_state STATE [SECONDS]: until ompi-checkpoint -s says so.
wait_for_state() {
  local end answer=''
  end=$(deadline_of "${2:-60}")
  until [[ $answer == *"\"state\":\"$1\""* ]]; do
    running "$JOB_PID" || { wait_job 1; fail "the job ended (status $JOB_STATUS) before it was $1"; }
    [ "$SECONDS" -lt "$end" ] || fail "not $1 in ${2:-60} s: $answer"
    answer=$(timeout 20 "$BIN/ompi-checkpoint" -s --json "$JOB_PID" 2>&1)
  done
}

# wait_for_phase RANK PHASE [SECONDS]: until that rank's agent says so (or, "silent", says nothing).
wait_for_phase() {
  local end answer=''
  end=$(deadline_of "${3:-60}")
  until [[ $answer == *"{\"rank\":$1,\"phase\":\"$2\""* ]]; do
    [ "$SECONDS" -lt "$end" ] || fail "rank $1 not $2 in ${3:-60} s: $answer"
    answer=$(timeout 20 "$BIN/ompi-checkpoint" -s --json "$JOB_PID" 2>&1)
  done
}

# refused CODE REGEX [OPTIONS]: ompi-checkpoint fails so.
refused() {
  local code=$1 regex=$2 status
  shift 2
  timeout -k 5 60 "$BIN/ompi-checkpoint" "$@" "$JOB_PID" >"$SCRATCH/refused.log" 2>&1
  status=$?
  [ "$status" -eq "$code" ] || { show_log "$SCRATCH/refused.log"; fail "ompi-checkpoint: status $status, not $code"; }
  grep -Eq -- "$regex" "$SCRATCH/refused.log" || { show_log "$SCRATCH/refused.log"; fail "ompi-checkpoint does not say '$regex'"; }
}

# Nothing of a snapshot is left, or only the sequences named.
expect_sequences() {
  local directory found
  directory=$(echo "$SCRATCH"/snapshots/*)
  [ $# -gt 0 ] || { [ ! -e "$directory" ] || fail "left behind: $(find "$SCRATCH/snapshots" | xargs)"; return 0; }
  found=$(cd "$directory" && ls -d [0-9]* | sort -n | xargs)
  [ "$found" = "$*" ] || fail "sequences on disk: $found; expected: $*"
}

# The process of rank N (fork agents are children of the real mpirun, in order).
rank_process() {
  local pid
  for pid in $(tree_of "$JOB_PID"); do
    tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1" && echo "$pid" && return
  done
  fail "rank $1 has no process"
}

# Starts two ranks and kills mpirun and all its processes by SIGKILL during a checkpoint. Sets dead and real: the numbers of
# both mpiruns.
kill_while_writing() {
  local tree command
  RANK_HANG=$SCRATCH/hang start_ranks 2
  note_segments
  tree=$(tree_of "$JOB_PID")
  dead=$JOB_PID
  # shellcheck disable=SC2034
  real=$(pgrep -P "$dead" | head -n 1)
  "$BIN/ompi-checkpoint" "$dead" >"$SCRATCH/first.log" 2>&1 &
  command=$!
  wait_for_phase 0 writing
  # shellcheck disable=SC2034
  JOB_KILLED=1
  # shellcheck disable=SC2086
  kill -KILL $tree
  # shellcheck disable=SC2086
  wait_gone $tree || fail "processes of the job are still there"
  wait "$command"
  wait_job 5
}
