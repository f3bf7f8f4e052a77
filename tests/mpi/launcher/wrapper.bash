# SPDX-License-Identifier: Apache-2.0
# Scripts between mpirun and the program that wait for it are in no snapshot: who asks for one is told so, once for the job
# and for all ranks, and so is who restarts it. A script that becomes the program is not told of.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.wrapper mpirun ompi-checkpoint ompi-restart ompi-snapshot

cat >waits.sh <<'END'
#!/bin/sh
"$@"
status=$?
touch "ended.$OMPI_COMM_WORLD_RANK"
exit "$status"
END
printf '#!/bin/sh\nexec "$@"\n' >becomes.sh
chmod +x waits.sh becomes.sh
ring=("$EXAMPLES/ring" --seconds 300 --report 10)
note='under `/bin/sh ./waits.sh .*`: what that does after the program, and the exit code .* no part of the snapshot'

# told FILE PATTERN N: it says so in that many lines.
told() {
  [ "$(grep -Ec -- "$2" "$1")" -eq "$3" ] || { show_log "$1"; fail "not $3 times in $1: $2"; }
}

start_job -np 2 ./waits.sh "${ring[@]}"
wait_for_line '[sS]tep'
checkpoint
told "$CHECKPOINT_LOG" "ompi-checkpoint: all 2 ranks run $note" 1
checkpoint
told "$CHECKPOINT_LOG" "$note" 0
kill_job
rm -f ended.*
"$BIN/ompi-snapshot" show -v "$SNAPSHOT" >show.log 2>&1
told show.log 'under /bin/sh ./waits.sh ' 4
restart
wait_for_line '[sS]tep'
told "$JOB_LOG" "ompi-restart: all 2 ranks run $note" 1
checkpoint  # the restarted ranks are nobody's but mpirun's
told "$CHECKPOINT_LOG" 'under `' 0
kill_job
[ ! -e ended.0 ] || fail "the script has gone on"

# Of several programs, those that are concerned; where nobody waits for the answer, mpirun says it.
start_job --cr-on-signal USR1 -np 1 "${ring[@]}" : -np 1 ./waits.sh timeout 500 "${ring[@]}" : -np 1 ./becomes.sh "${ring[@]}"
wait_for_line '[sS]tep'
kill -USR1 "$JOB_PID"
wait_for_line 'Snapshot Ref\.: '
wait_for_line 'mpirun: rank 1 runs under '
told "$JOB_LOG" "mpirun: rank 1 runs under .*/bin/sh ./waits.sh timeout 500 .*no part of the snapshot" 1
kill_job

start_job -np 2 ./becomes.sh "${ring[@]}"
wait_for_line '[sS]tep'
checkpoint
told "$CHECKPOINT_LOG" 'under `' 0
kill_job
