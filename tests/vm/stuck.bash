#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: stuck.bash BUILD
# Inside a machine with cairn.ko: checkpoints by the module of a job that has a thread which does not reach the barrier,
# since it blocks all signals, is uninterruptible, traced, or stopped. Each is refused within the deadline and says why;
# the job goes on, the module can be unloaded, and the next checkpoint succeeds and can be restarted.
set -u
build=$1
here=$(dirname "$0")
# shellcheck source=tests/vm/job_functions.bash
. "$here/job_functions.bash"
scratch=$(mktemp -d)
cd "$scratch" || exit 1
module=$(realpath "${CAIRN_MODULE:?}")
deadline=20 stuck_for=75

steps() { grep -c '^step' out; }

# ... and what it was to be saved in is gone.
must_go_on() { # SECONDS
  local before i
  before=$(steps)
  for i in $(seq $(($1 * 5))); do
    [ "$(steps)" -ge $((before + 3)) ] && ! compgen -G 'ompi_global_snapshot_*/[0-9]*' >/dev/null && return 0
    sleep 0.2
  done
  fail "after $1 s and $i looks the job does not go on, or something is left: $(ls -RA ompi_global_snapshot_* 2>&1)"
}

must_be_refused() { # WHAT PATTERN
  local begin=$SECONDS status
  ompi-checkpoint --timeout $deadline $job >checkpoint.out 2>&1
  status=$?
  [ $status = 3 ] || fail "$1: ompi-checkpoint ended with $status"
  [ $((SECONDS - begin)) -le $((deadline + 15)) ] || fail "$1: took $((SECONDS - begin)) s"
  grep -Eq "$2" checkpoint.out || fail "$1: not named"
  echo "$1: refused after $((SECONDS - begin)) s: $(grep -Em1 "$2" checkpoint.out)"
}

must_unload() {
  local i
  for i in $(seq 150); do
    rmmod cairn 2>/dev/null && break
    sleep 0.2
  done
  [ ! -e /sys/module/cairn ] || fail "rmmod does not work after $i looks"
  insmod "$module" || fail insmod
}

mpirun --with-cr --cr-engine kmod --cr-dir "$scratch" -np 2 "$build/tests/programs/stuck" commands >out 2>&1 &
job=$!
wait_for '^step 3' out 90 || fail "the job does not start"
victim=$(pgrep -f "tests/programs/stuck commands" | while read -r pid; do
  tr '\0' '\n' <"/proc/$pid/environ" | grep -qx OMPI_COMM_WORLD_RANK=1 && echo "$pid"
done | tail -1)

for kind in blocked waiting; do
  echo "$kind $stuck_for" >commands.new && mv commands.new commands
  wait_for "^STUCK $kind" out 20 || fail "$kind: the thread does not get stuck"
  must_be_refused "$kind" 'thread [0-9]+'
  must_go_on 30
  must_unload
  wait_for "^FREE $kind" out $((stuck_for + 30)) || fail "$kind: the thread is not free again"
done

"$build/tests/programs/stuck" trace "$victim" $((deadline + 25)) >traced 2>&1 &
tracer=$!
wait_for TRACED traced 20 || fail "traced: $(cat traced)"
must_be_refused traced 'rank 1|thread [0-9]+'
must_unload
wait $tracer || fail "the tracer ended with $?"
must_go_on 40

kill -STOP "$victim"
must_be_refused stopped 'rank 1'
kill -CONT "$victim"
must_go_on 40
must_unload

checkpoint $job
kill -9 $job "$victim" $(pgrep -f 'tests/programs/stuck commands') 2>/dev/null
wait $job 2>/dev/null
grep -Eq 'PASS|FAIL' out && fail "the job has ended before"
echo end >commands
timeout 150 ompi-restart ompi_global_snapshot_*.ckpt >restart.out 2>&1
status=$?
grep -q PASS restart.out || fail "restart ended with $status"
[ $status = 0 ] || fail "restart ended with $status"
