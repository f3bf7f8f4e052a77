#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The example programs pass with the real mpirun, and notice one wrong value: what they prove elsewhere rests on it.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
test_begin examples.notice mpirun.openmpi
real=$(command -v mpirun.openmpi)

for program in "heat2d" "heat2d --exchange nonblocking" "ring" "ring --receive mprobe" "ring --receive probe" \
  "montecarlo" "montecarlo --level serialized" "heat_f"; do
  [ -x "$EXAMPLES/${program%% *}" ] || { say "${program%% *} is not built"; continue; }
  for ranks in 1 4 7; do
    # shellcheck disable=SC2086
    start_command "$real" -np $ranks "$EXAMPLES/"$program --steps 50
    expect_pass 60
  done
  # shellcheck disable=SC2086
  start_command "$real" -np 2 "$EXAMPLES/"$program --steps 50 --spoil 20
  expect_status 1 60
  grep -q '^FAIL' "$JOB_LOG" || fail "$program does not notice a wrong value"
done
