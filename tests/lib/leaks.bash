# SPDX-License-Identifier: Apache-2.0
# Ends what a test has started, by process id, and tells mpirun's leavings from Cairn's (job.bash uses it).
#
# Open MPI leaves its session directory and its vader segments behind when it is killed; a test expects that and
# they are removed. Anything else in TMPDIR or /dev/shm, and any process that outlives its job, is Cairn's fault.

# All descendants of process $1, itself first.
tree_of() {
  [ "$1" -gt 1 ] || return 0
  ps -e -o pid=,ppid= | awk -v root="$1" '
    { parent[$1] = $2 }
    END {
      print root
      for (p in parent) { for (q = p; q in parent && q != root; q = parent[q]); if (q == root && p != root) print p }
    }'
}

# Running processes that this test has started, wherever they are attached now: they inherited CAIRN_TEST_ID.
# The script itself is not among them, since it set the variable only after its start.
job_processes() {
  local file
  for file in $(grep -lzsx "CAIRN_TEST_ID=$CAIRN_TEST_ID" /proc/[0-9]*/environ); do
    file=${file#/proc/}
    running "${file%/*}" && echo "${file%/*}"
  done
}

wait_gone() {
  local pid end=$((SECONDS + 20))
  for pid in "$@"; do
    while running "$pid"; do
      [ "$SECONDS" -lt "$end" ] || { say "process $pid does not go away"; return 1; }
      sleep 0.02
    done
  done
}

# SIGKILL to process $1, all below it, and all else that the test has started (daemons of other nodes are nobody's
# children). Processes may be starting others meanwhile: look again until none is left.
kill_tree() {
  local known=$1 pids p
  JOB_KILLED=1
  while true; do
    # No pipeline here: its commands would carry the mark, too.
    known="$known $(tree_of "$1") $(job_processes)"
    pids=''
    for p in $known; do
      running "$p" && pids="$pids $p"
    done
    [ -n "$pids" ] || return 0
    # Waiting at once keeps bash from announcing the death of its child.
    # shellcheck disable=SC2086
    { kill -KILL $pids; wait "$1"; } 2>/dev/null
    # shellcheck disable=SC2086
    wait_gone $pids || return 1
  done
}

# Remembers the shared-memory files that the job's processes have mapped, to be removed after a kill.
note_segments() {
  local pid
  for pid in $(tree_of "${JOB_PID:-0}"); do
    sed -n 's|^.* \(/dev/shm/vader_segment[^ ]*\).*$|\1|p' "/proc/$pid/maps" 2>/dev/null
  done | sort -u >>"$SCRATCH/segments"
}

# Kills what is left, and remembers in $SCRATCH/left what should have ended by itself.
end_everything() {
  local end=$((SECONDS + 10))
  if [ -n "${JOB_PID:-}" ] && running "$JOB_PID"; then
    note_segments
    say "killing the job that still runs"
    kill_tree "$JOB_PID"
    return
  fi
  # Daemons of a job that has ended need a moment to follow it.
  while [ -n "$(job_processes)" ]; do
    if [ "$SECONDS" -ge "$end" ]; then
      # shellcheck disable=SC2046
      describe $(job_processes) >>"$SCRATCH/left"
      kill_tree 0
      return
    fi
    sleep 0.02
  done
}

describe() {
  local pid
  for pid in "$@"; do
    printf '%s %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-120)"
  done
}

# The names of vader segments made by jobs whose session directory is in the test's TMPDIR: host, user, job family with
# four digits for the job in it, rank. The name of another test's job may begin with the same digits.
session_segments() {
  local family
  for family in "$TMPDIR"/ompi.*/pid.*/*/; do
    family=${family%/}
    family=${family##*/}
    [[ $family =~ ^[0-9]+$ ]] && compgen -G "$(printf '/dev/shm/vader_segment.*.%x????.*' "$family")"
  done
}

check_leaks() {
  local bad=0 entry
  if [ -s "$SCRATCH/left" ]; then
    say "LEAK: processes outlived their job:"
    sed 's/^/  | /' "$SCRATCH/left"
    bad=1
  fi
  { [ -f "$SCRATCH/segments" ] && cat "$SCRATCH/segments"; session_segments; } | sort -u | while read -r entry; do
    # All that this test has started is dead: who has it mapped is another job with the same number.
    [ ! -e "$entry" ] || in_use "$entry" || rm -f "$entry"
  done
  for entry in "$TMPDIR"/* "$TMPDIR"/.[!.]*; do
    [ -e "$entry" ] || continue
    case ${entry##*/} in
      ompi.* | openmpi-sessions-* | pmix-* | pmix_dstor_* | prte.*) rm -rf "$entry" ;;
      # A killed mpirun cannot remove its runtime directory; one that ends leaves at most the user's empty one.
      "cairn-$(id -u)") if [ -n "${JOB_KILLED:-}" ] || rmdir "$entry" 2>/dev/null; then rm -rf "$entry"; else
        say "LEAK: $(find "$entry" -mindepth 1 | xargs)"; bad=1; fi ;;
      *) say "LEAK: ${entry##*/} in TMPDIR" ; bad=1 ;;
    esac
  done
  for entry in /dev/shm/*cairn*; do
    [ -e "$entry" ] && [ -O "$entry" ] && [ ! "$entry" -ot "$SCRATCH/begin" ] && ! in_use "$entry" || continue
    say "LEAK: $entry"
    rm -f "$entry"
    bad=1
  done
  return "$bad"
}

# True if a process has file $1 open or mapped.
in_use() {
  grep -qsF " $1" /proc/[0-9]*/maps && return
  find /proc/[0-9]*/fd -lname "$1" 2>/dev/null | grep -q .
}
