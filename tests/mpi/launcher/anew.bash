# SPDX-License-Identifier: Apache-2.0
# What ompi-restart cannot tell mpirun is refused before anything is launched, with the exit code for its kind: options that
# would start something else, or that mpirun does not know; files that are gone, whoever has named them.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.anew mpirun ompi-checkpoint ompi-restart

# refused STATUS TEXT OPTIONS...
refused() {
  local status=$1 text=$2
  shift 2
  start_command "$BIN/ompi-restart" "$@" "$SNAPSHOT"
  expect_status "$status" 60
  grep -qF -- "$text" "$JOB_LOG" || fail "$*: nothing says '$text'"
  ! grep -q '[sS]tep' "$JOB_LOG" || fail "$*: the job was restarted"
}

echo 'localhost slots=4' >hosts
printf 'rank 0=localhost slot=0\nrank 1=localhost slot=0\n' >places
start_job --hostfile hosts --rankfile places --mca rmaps_base_mapping_policy :OVERSUBSCRIBE -np 2 "$EXAMPLES/ring" \
  --seconds 300 --report 10
wait_for_line '[sS]tep'
checkpoint --term
wait_job 60

refused 2 "':' is no option" --mpirun_opts ': -np 2'
refused 2 'as many ranks as the snapshot has' --mpirun_opts '-np 3 /bin/ls'
refused 2 "'/bin/ls' is no option" --mpirun_opts '--tag-output /bin/ls'
refused 2 'unknown option "--nonsense"' --mpirun_opts '--tag-output --nonsense 1'
refused 2 '--mca wants a value' --mpirun_opts '--mca btl'
refused 4 "--hostfile $SCRATCH/gone: No such file or directory" --hostfile "$SCRATCH/gone"
refused 4 "--rankfile $SCRATCH/gone: No such file or directory" --mpirun_opts "--rankfile $SCRATCH/gone"
for file in hosts places; do
  mv "$file" away
  refused 4 "file $SCRATCH/$file: No such file or directory"
  mv away "$file"
done
restart
wait_for_line '[sS]tep'
kill_job
rm places
restart --mpirun_opts '--map-by slot'
wait_for_line '[sS]tep'
kill_job
