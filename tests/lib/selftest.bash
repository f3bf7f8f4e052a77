#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The helpers themselves, with the real mpirun: a killed job leaves nothing, leaks of every kind are noticed,
# a program's failure is noticed.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/job.bash"
test_begin lib.selftest mpirun.openmpi
real=$(command -v mpirun.openmpi)

# Runs the shell text $1 as a test of its own; its output is $inner_output, its status the result.
mkdir "$SCRATCH/inner"
inner() {
  inner_output=$(CAIRN_TEST_SCRATCH=$SCRATCH/inner bash -c ". '${test_library:?}/job.bash'; test_begin inner; $1" 2>&1)
}

start_command "$real" -np 2 "$EXAMPLES/heat2d" --seconds 60
wait_for_line '^step 100/'
note_segments
[ -s "$SCRATCH/segments" ] || fail "a job of two ranks has mapped no vader segment"
segments=$(sort -u "$SCRATCH/segments")
kill_job
[ -z "$(job_processes)" ] || fail "kill_job left processes"
check_leaks || fail "a killed job of the real mpirun counts as a leak"
for s in $segments; do [ ! -e "$s" ] || fail "$s is still there"; done

start_command "$real" -np 2 "$EXAMPLES/ring" --steps 50
expect_pass
start_command "$real" -np 2 "$EXAMPLES/ring" --steps 50 --spoil 20
expect_status 1
! (expect_pass) >/dev/null 2>&1 || fail "expect_pass takes a failed program for a passed one"

inner 'start_command sh -c "echo ready; exec sleep 1000"; wait_for_line ready' || fail "a test that just ends: $inner_output"
! inner 'start_command sh -c "exit 0"; wait_for_line ready' || fail "wait_for_line does not notice the job's end"
! inner 'start_command sleep 1000; wait_for_line ready 1' || fail "wait_for_line knows no deadline"
! inner 'start_command sh -c "setsid sleep 1000 & exit 0"; wait_job' || fail "a left process is not noticed"
[[ $inner_output == *"outlived their job"*sleep* ]] || fail "the left process is not named: $inner_output"
! inner 'touch "$TMPDIR/cairn-socket"' || fail "a left file in TMPDIR is not noticed"
! inner 'touch "/dev/shm/cairn-$CAIRN_TEST_ID"' || fail "a left shared-memory file is not noticed"
# A segment of a job of the test that nobody has mapped goes; one in use and another job's stay.
own=/dev/shm/vader_segment.$CAIRN_TEST_ID.0
head -c 4096 /dev/zero | tee "${own}.7f0001.0" "${own}.7f0002.0" >"${own}.7f00001.0"
mapped="import mmap, sys, time; f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close(); print('mapped', flush=True)"
start_command python3 -c "$mapped; time.sleep(1000)" "${own}.7f0002.0"
wait_for_line '^mapped'
inner 'mkdir -p "$TMPDIR/ompi.host.0/pid.1/'$((0x7f))'"' || fail "segments: $inner_output"
left=$(echo "$own".*)
kill_job
rm -f "$own".*
[ "$left" = "${own}.7f00001.0 ${own}.7f0002.0" ] || fail "of segments, there are left: $left"

inner 'skip "for a reason"'
[ $? -eq 77 ] || fail "skip is not status 77"

if [ "$(id -u)" -eq 0 ]; then
  output=$(bash -c ". '$test_library/job.bash'; . '$test_library/netns.bash'; test_begin nodes; netns_up 2; echo prefix \$netns_prefix
    start_command $real --hostfile \"\$HOSTFILE\" --map-by node -np 2 sh -c 'hostname; $EXAMPLES/ring --steps 50'
    expect_pass; [ \"\$(grep -c '^cairn-' \"\$JOB_LOG\")\" -eq 2 ] || fail 'not on two nodes'" 2>&1)
  status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "a job on two nodes: $output"
  [ "$status" -eq 0 ] || say "without network namespaces: $output"
  prefix=$(sed -n 's/^prefix //p' <<<"$output")
  [ -z "$prefix" ] || ! ip netns list | grep -q "^$prefix" || fail "namespaces $prefix* are left"
fi
