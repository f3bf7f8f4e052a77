# SPDX-License-Identifier: Apache-2.0
# The standard input of a job that is saved before it has read it all.
#   $1 reader, $2 the case
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "launcher.standard_input_$2" mpirun ompi-checkpoint ompi-restart
reader=$1
seq 1 100000 >numbers
echo 100000 >last

# start_reading SHELL-TEXT: "$@" is the job
start_reading() {
  start_command bash -c "$1" bash "$BIN/mpirun" --with-cr --cr-dir "$SCRATCH/snapshots" -np 2 "$reader" 3000
  wait_for_line '^read'
}

must_be_refused() {
  note_segments
  "$BIN/ompi-checkpoint" "$JOB_PID" >refused 2>&1
  local status=$?
  [ "$status" -eq 3 ] && grep -q 'standard input that the program has not read' refused ||
    fail "status $status: $(cat refused)"
}

is_saved_when_all_is_read() {
  must_be_refused
  touch go_on
  wait_for_line '^all'
  checkpoint --term
  wait_job 60
  touch end
  restart
  expect_pass 60
}

# What is at 0 in the new job does not matter: the program goes on in its file.
file() {
  start_reading 'exec "$@" <numbers'
  checkpoint --term
  wait_job 60
  touch go_on end
  restart
  expect_pass 60
  start_command bash -c 'exec "$@" <last' bash "$BIN/ompi-restart" "$SNAPSHOT"
  expect_pass 60
}

# Longer than what mpirun and its pipe take: Open MPI mostly crashes if nobody is left to read the pipe, unless mpirun is
# started by its absolute name.
long_file() {
  seq --format '%060.0f' 1 20000 >numbers
  echo 20000 >last
  touch go_on end
  local PATH=$BIN:$PATH
  for _ in 1 2 3 4 5; do
    timeout 60 mpirun --with-cr --cr-dir "$SCRATCH/snapshots" -np 2 --oversubscribe "$reader" <numbers >output 2>&1 ||
      fail "status $?: $(cat output)"
    grep -q '^PASS' output || fail "$(cat output)"
  done
}

# The shell had read of it before.
begun_file() {
  { echo "a title"; cat numbers; } >titled
  start_reading '{ read -r title; exec "$@"; } <titled'
  checkpoint --term
  wait_job 60
  touch go_on end
  restart
  expect_pass 60
}

# One that rank 0 cannot open is forwarded by Open MPI.
nameless_file() {
  start_reading '{ rm numbers; exec "$@"; } <numbers'
  is_saved_when_all_is_read
}

# So is a pipe.
pipe() {
  mkfifo pipe
  cat numbers >pipe &
  start_reading 'exec "$@" <pipe'
  is_saved_when_all_is_read
}

"$2"
