#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# golden.bash FILE: what an older Cairn has written is restarted by this one; the restarted program goes on, checks
# itself and has the right answer. Skipped, by name, where the processor cannot run what is in the file.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
file=$1
name=${file##*/}
test_begin "golden.${name%%.*}" cr_restart ompi-restart

# expect_answer ANSWER: the program of the running job goes on, and this is its answer.
expect_answer() {
  local other_processor='register state|CPU'
  wait_job
  if [ "$JOB_STATUS" -eq 4 ] && grep -Eq "$other_processor" "$JOB_LOG"; then
    skip "$(grep -E -m 1 "$other_processor" "$JOB_LOG")"
  fi
  expect_pass
  grep -qx "PASS $1" "$JOB_LOG" || fail "the answer is not $1"
  ! grep -q '^step 0$' "$JOB_LOG" || fail "the program began anew"
}

# Whoever has the source, root takes no file that is not its own.
unpack() { tar --no-same-owner -xf "$file" -C "$1" || fail "$file cannot be unpacked"; }

expect_job() {
  unpack "$SCRATCH/snapshots"
  SNAPSHOT=$SCRATCH/snapshots/golden.ckpt
  restart --mpirun_opts "--oversubscribe --cr-dir $SCRATCH/snapshots"
  expect_answer "$1"
}

expect_line() { grep -qx "$1" "$JOB_LOG" || fail "the job does not say '$1'"; }

case $name in
  process-*)
    install -m 600 "$file" "$SCRATCH/process.ctx"
    start_command "$BIN/cr_restart" "$SCRATCH/process.ctx"
    expect_answer b5807966d1cac6bf ;;
  job-*) expect_job 29d2b6be33adf381 ;;
  family-*)
    [ "$(id -u)" -eq 0 ] || skip "ranks of an ordinary user have new children's numbers, and these wait by the old ones"
    expect_job 626d650e6a9d9574 ;;
  tree-*)
    [ "$(id -u)" -eq 0 ] || skip "a parent waits for its child by the number, which root can have again"
    unpack "$SCRATCH"
    start_command "$BIN/cr_restart" "$SCRATCH/tree.group"
    expect_answer efa227e8d21f0d95 ;;
  self-*)
    # Saved by its own request once more, and restarted from that.
    answer=64322804a9219001
    unpack "$SCRATCH"
    # Its standard input was a file of names, in a directory that is gone; one name had been read.
    there=$("$BIN/cr_info" --areas "$SCRATCH/self.ctx" | sed -n 's|.* \(/tmp/golden\.[A-Za-z0-9]*\)/self.*|\1|p' | head -n 1)
    printf '%s\n' "$there/self.ctx" "$SCRATCH/second.ctx" >"$SCRATCH/names"
    start_command "$BIN/cr_restart" --relocate "$there=$SCRATCH" "$SCRATCH/self.ctx"
    expect_answer "$answer"
    expect_line 'restarted 0'
    expect_line 'saved 1'
    start_command "$BIN/cr_restart" "$SCRATCH/second.ctx"
    expect_answer "$answer"
    expect_line 'restarted 1' ;;
  state-*)
    unpack "$SCRATCH"
    there=$("$BIN/cr_info" --areas "$SCRATCH/state.ctx" | sed -n 's|.* \(/tmp/golden\.[A-Za-z0-9]*\)/state.*|\1|p' | head -n 1)
    start_command "$BIN/cr_restart" --relocate "$there=$SCRATCH" "$SCRATCH/state.ctx"
    expect_answer fdc1dabf4c794289 ;;
  ipc-*)
    unpack "$SCRATCH"
    shown=$("$BIN/cr_info" --ipc "$SCRATCH/ipc.ctx")
    for words in 'key 0x00060de1' '3 semaphores: 4 3 0' '2 messages, 13 B' ', removed' 'to undo: +2' \
      '/cairn-golden-ipc, mode 600, 2 of 4 messages of up to 32 bytes' 'exclusive, 3 bytes at 2' '(flock), shared, all'; do
      grep -qF -- "$words" <<<"$shown" || fail "cr_info does not say '$words': $shown"
    done
    there=$("$BIN/cr_info" --areas "$SCRATCH/ipc.ctx" | sed -n 's|.* \(/tmp/golden\.[A-Za-z0-9]*\)/ipc.*|\1|p' | head -n 1)
    alone=()
    [ "$(id -u)" -ne 0 ] || alone=(unshare --ipc)  # nobody has its keys and names there
    start_command "${alone[@]}" "$BIN/cr_restart" --relocate "$there=$SCRATCH" "$SCRATCH/ipc.ctx"
    expect_answer a571c94909307089 ;;
  *) fail "no program is known for $name" ;;
esac
