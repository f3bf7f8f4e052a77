# SPDX-License-Identifier: Apache-2.0
# Helpers for tests that run jobs. Source it from a bash script started by ctest, or by hand with
# CAIRN_BUILD=<build tree or install prefix> set.
#
#   test_begin NAME [COMMAND...]  a scratch directory $SCRATCH, TMPDIR inside it; skips (77) if a COMMAND is not there
#   start_job MPIRUN-ARGUMENTS    mpirun --with-cr in the background: $JOB_PID, $JOB_LOG
#   start_command COMMAND...      anything in the background, same variables
#   wait_for_line REGEX [SECONDS] until the job's output has such a line; fails if the job ends before
#   checkpoint [OPTIONS]          ompi-checkpoint of the job: $SNAPSHOT (absolute), $CHECKPOINT_LOG
#   checkpoint_awaiting RANK FILE checkpoint; makes FILE as soon as rank RANK is the one that is waited for
#   kill_job                      SIGKILL to all processes of the job at once
#   wait_job [SECONDS]            until the job has ended by itself: $JOB_STATUS
#   restart [OPTIONS]             ompi-restart of $SNAPSHOT in the background: a new job
#   go_on_with HOW FILE           after a checkpoint: as HOW says, continue or restart, with FILE
#   expect_pass [SECONDS]         wait_job; exit status 0 and a line that begins with PASS
#   expect_status N [SECONDS]     wait_job; exit status N
#   fail TEXT, skip TEXT, say TEXT
#
# At the end (also after a failure) everything the test started is killed, and whatever Cairn left behind is a
# failure; what mpirun itself leaves when it is killed is removed (leaks.bash).
# All waiting is for something that can be seen, with a deadline; CAIRN_TEST_SLOW multiplies the deadlines.

set -u
test_library=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib/leaks.bash
. "$test_library/leaks.bash"

say() { printf '%s: %s\n' "${TEST_NAME:-test}" "$*"; }

fail() {
  say "FAILED: $*"
  show_log "${JOB_LOG:-}"
  exit 1
}

skip() {
  say "SKIPPED: $*"
  exit 77
}

show_log() {
  [ -n "$1" ] && [ -s "$1" ] || return 0
  say "last lines of ${1##*/}:"
  tail -n 30 "$1" | sed 's/^/  | /'
}

deadline_of() { echo $((SECONDS + $1 * ${CAIRN_TEST_SLOW:-1})); }

# What this script inherited is not part of the test: jobs would inherit it too, and a pipe cannot be saved.
close_inherited_descriptors() {
  local path number
  for path in "/proc/$$/fd/"*; do
    number=${path##*/}
    # 255 is bash's own, the script.
    [ "$number" -le 2 ] || [ "$number" -eq 255 ] || eval "exec $number>&-"
  done
}

test_begin() {
  TEST_NAME=$1
  shift
  close_inherited_descriptors
  : "${CAIRN_BUILD:?set CAIRN_BUILD to the build tree or install prefix}"
  BIN=$CAIRN_BUILD/bin
  # shellcheck disable=SC2034
  EXAMPLES=${CAIRN_EXAMPLES:-$CAIRN_BUILD/examples/mpi}
  local command
  for command in "$@"; do
    case $command in
      # Never take the system's commands of the same names for ours.
      mpirun | ompi-* | cr_*) [ -x "$BIN/$command" ] ;;
      *) command -v "$command" >/dev/null ;;
    esac || skip "$command is not there"
  done
  SCRATCH=$(mktemp -d "${CAIRN_TEST_SCRATCH:-/tmp}/cairn-test.XXXXXX") || exit 1
  mkdir "$SCRATCH/tmp" "$SCRATCH/snapshots"
  : >"$SCRATCH/begin"
  export TMPDIR=$SCRATCH/tmp CAIRN_TEST_ID=${SCRATCH##*/}
  export OMPI_MCA_rmaps_base_oversubscribe=1
  [ "$(id -u)" -ne 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  JOB_PID='' JOB_LOG='' JOB_STATUS='' SNAPSHOT='' job_number=0
  cd "$SCRATCH" || exit 1
  trap test_end EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
}

test_end() {
  local status=$?
  trap - EXIT
  set +e
  end_everything
  if ! check_leaks && [ "$status" -eq 0 ]; then status=1; fi
  cd /
  if [ "$status" -ne 0 ] && [ "$status" -ne 77 ] || [ -n "${CAIRN_TEST_KEEP:-}" ]; then
    say "files are kept in $SCRATCH"
    [ -z "${CAIRN_TEST_KEEP:-}" ] && find "$SCRATCH/snapshots" -type f -size +64M -delete
  else
    rm -rf "$SCRATCH"
  fi
  [ "$status" -ne 0 ] || say "passed"
  exit "$status"
}

start_command() {
  job_number=$((job_number + 1))
  JOB_LOG=$SCRATCH/job-$job_number.log
  JOB_STATUS=''
  : >"$JOB_LOG"
  # A background process of a script ignores SIGINT and SIGQUIT otherwise; a job may not.
  env --default-signal=INT,QUIT "${JOB_WRAPPER[@]:-env}" "$@" >"$JOB_LOG" 2>&1 </dev/null &
  JOB_PID=$!
  say "job $job_number is process $JOB_PID: $*"
}
JOB_WRAPPER=()

start_job() { start_command "$BIN/mpirun" --with-cr --cr-dir "$SCRATCH/snapshots" "$@"; }

# True while process $1 runs (a zombie does not).
running() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  stat=${stat##*) }
  [ "${stat%% *}" != Z ] && [ "${stat%% *}" != X ]
}

wait_for_line() {
  local regex=$1 end
  end=$(deadline_of "${2:-60}")
  until grep -Eq -- "$regex" "$JOB_LOG"; do
    running "$JOB_PID" || { grep -Eq -- "$regex" "$JOB_LOG" && return; wait_job 1; fail "the job ended (status $JOB_STATUS) before '$regex'"; }
    [ "$SECONDS" -lt "$end" ] || fail "no line '$regex' in ${2:-60} s"
    sleep 0.02
  done
}

# shellcheck disable=SC2120  # tests pass options
checkpoint() {
  CHECKPOINT_LOG=$SCRATCH/checkpoint.log
  note_segments
  timeout -k 5 "$((${CHECKPOINT_SECONDS:-60} * ${CAIRN_TEST_SLOW:-1}))" \
    "${JOB_WRAPPER[@]:-env}" "$BIN/ompi-checkpoint" "$@" "$JOB_PID" >"$CHECKPOINT_LOG" 2>&1
  local status=$? reference
  if [ "$status" -ne 0 ]; then
    show_log "$CHECKPOINT_LOG"
    fail "ompi-checkpoint: status $status"
  fi
  reference=$(sed -n 's/^Snapshot Ref\.: *[0-9]* *//p' "$CHECKPOINT_LOG" | tail -n 1)
  [ -n "$reference" ] || reference=$(sed -n 's/.*"snapshot": *"\([^"]*\)".*/\1/p' "$CHECKPOINT_LOG")
  if [ -z "$reference" ]; then
    show_log "$CHECKPOINT_LOG"
    fail "ompi-checkpoint names no snapshot"
  fi
  # A restarted job puts its snapshots where it was restarted.
  SNAPSHOT=$(find "$SCRATCH" -maxdepth 2 -name "${reference##*/}" | head -n 1)
  [ -f "$SNAPSHOT/manifest.h5" ] || fail "no manifest of $reference"
  say "checkpoint: $SNAPSHOT"
}

checkpoint_awaiting() {
  {
    until "$BIN/ompi-checkpoint" --verbose --status "$JOB_PID" 2>&1 | grep -q "rank $1:.*admission"; do
      running "$JOB_PID" && [ ! -e "$SCRATCH/done" ] || exit
    done
    touch "$2"
  } &
  checkpoint
  touch "$SCRATCH/done"
  wait $!
}

go_on_with() {
  [ "$1" = continue ] || kill_job
  touch "$2"
  [ "$1" = continue ] || restart
}

kill_job() {
  note_segments
  kill_tree "$JOB_PID" || fail "the job cannot be killed"
  JOB_STATUS=137
  say "job $job_number is killed"
}

wait_job() {
  local end
  end=$(deadline_of "${1:-120}")
  while running "$JOB_PID"; do
    [ "$SECONDS" -lt "$end" ] || fail "the job still runs after ${1:-120} s"
    sleep 0.02
  done
  [ -n "$JOB_STATUS" ] && return
  wait "$JOB_PID"
  JOB_STATUS=$?
}

# shellcheck disable=SC2120  # tests pass options
restart() {
  [ -n "$SNAPSHOT" ] || fail "there is no snapshot to restart from"
  start_command "$BIN/ompi-restart" "$@" "$SNAPSHOT"
}

expect_status() {
  wait_job "${2:-120}"
  [ "$JOB_STATUS" -eq "$1" ] || fail "the job's exit status is $JOB_STATUS, not $1"
}

expect_pass() {
  expect_status 0 "${1:-120}"
  grep -q '^PASS' "$JOB_LOG" || fail "the job says no PASS"
  ! grep -q '^FAIL' "$JOB_LOG" || fail "the job says FAIL"
}
