# SPDX-License-Identifier: Apache-2.0
# A file that all ranks have open and that is missing: with --missing=create the first rank that comes makes it again, and
# the others take what it has made. One of them knows its content, the other only how long it was.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.made_again mpirun ompi-checkpoint ompi-restart

cat >rank.sh <<'R'
exec 8<>big
[ "$OMPI_COMM_WORLD_RANK" = 0 ] && exec 9<>small || exec 9<small
exec "$@" >>out-$OMPI_COMM_WORLD_RANK
R
yes 'too much to be kept' | head -c 3000000 >big
seq 50000 >small
cp small before
start_job -np 4 --oversubscribe sh rank.sh "$EXAMPLES/ring" --seconds 300 --report 10
end=$(deadline_of 60)
until grep -q '[sS]tep' out-0; do
  running "$JOB_PID" && [ "$SECONDS" -lt "$end" ] || fail "no step"
  sleep 0.02
done
checkpoint
kill_job

# The second restart finds what the first has made.
rm big small
for attempt in first second; do
  : >out-0
  restart --missing=create --grown=keep --mpirun_opts --oversubscribe
  end=$(deadline_of 60)
  until grep -q '[sS]tep' out-0; do
    running "$JOB_PID" && [ "$SECONDS" -lt "$end" ] || fail "the $attempt restart: $(cat "$JOB_LOG")"
    sleep 0.02
  done
  cmp small before || fail "the small file after the $attempt restart"
  [ -s big ] && fail "the big file is $(wc -c <big) bytes long"
  kill_job
done
