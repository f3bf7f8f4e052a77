# SPDX-License-Identifier: Apache-2.0
# Under a umask that takes rights from the user himself, what Cairn makes has the modes that it has under any other, and
# jobs that come later can use it.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.umask mpirun ompi-checkpoint ompi-restart cr_run cr_checkpoint
[ "$(id -u)" -eq 0 ] || skip "Open MPI's own files would be unusable to an ordinary user"
runtime=$TMPDIR/cairn-$(id -u)
mkdir group

# expect_modes DIRECTORY: no more and no less than the owner may, but for what is stored once.
expect_modes() {
  local other
  other=$(find "$1" \( -path '*/objects' -o -path '*/objects/*' -o -name '*.objects' \) -prune -o \
    \( -type d ! -perm 0700 -o ! -type d ! -type s ! -perm 0600 \) -printf '%m %p; ')
  [ -z "$other" ] || fail "modes of $1: $other"
  other=$(find "$1" ! -perm -u=rw -printf '%m %p; ')
  [ -z "$other" ] || fail "of no use to their owner: $other"
}

for mask in 0277 0777 0; do
  # What the shell itself makes is not the test's.
  touch job.log restart.log group.log
  (umask "$mask" && exec "$BIN/mpirun" --with-cr --cr-dir "$SCRATCH/snapshots" -np 2 "$EXAMPLES/ring" --seconds 300 --report 10) \
    >>job.log 2>&1 </dev/null &
  job=$!
  end=$(deadline_of 60)
  until grep -q '[sS]tep' job.log; do [ "$SECONDS" -lt "$end" ] || fail "no job under $mask: $(cat job.log)"; sleep 0.05; done
  expect_modes "$runtime"
  timeout 60 "$BIN/ompi-checkpoint" --term "$job" >checkpoint.log 2>&1 || fail "$mask: $(cat checkpoint.log)"
  wait "$job"
  [ $? -eq 85 ] || fail "not ended by the checkpoint: $(cat job.log)"
  snapshot=$(echo "$SCRATCH"/snapshots/*)
  expect_modes "$snapshot"
  (umask "$mask" && timeout 60 "$BIN/ompi-restart" --apponly "$snapshot") >restart.log 2>&1 || fail "$mask: $(cat restart.log)"
  expect_modes "$snapshot"
  rm -rf "$snapshot" job.log

  (umask "$mask" && exec "$BIN/cr_run" sh -c 'while :; do sleep 300; done') >/dev/null 2>&1 </dev/null &
  tree=$!
  end=$(deadline_of 60)
  until timeout 60 "$BIN/cr_checkpoint" -f group/saved "$tree" >group.log 2>&1 && [ -d group/saved ]; do
    rm -rf group/saved
    [ "$SECONDS" -lt "$end" ] || fail "no checkpoint under $mask: $(cat group.log)"
  done
  kill -KILL "$tree"
  wait "$tree" 2>/dev/null
  # Who starts no others any more.
  # shellcheck disable=SC2046
  kill -KILL $(job_processes) 2>/dev/null
  expect_modes group/saved
  rm -rf group/saved
done
