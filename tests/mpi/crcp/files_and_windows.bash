# SPDX-License-Identifier: Apache-2.0
# Requests while ranks wait inside of collective calls of files and windows: each is answered, taken or refused by name, and
# the job ends right. REQUESTS: how many.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_files_and_windows
start_job --oversubscribe --wdir "$SCRATCH" -np 2 "$CAIRN_BUILD/tests/programs/crcp_files_and_windows" "${SECONDS_OF_JOB:-6}"
wait_for_line '^round 1$'
for ((i = 0; i < ${REQUESTS:-5}; ++i)); do
  running "$JOB_PID" || break
  timeout -k 5 60 "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1
  status=$?
  case $status in
    0) ;;
    *) running "$JOB_PID" || break
       grep -Eq 'exists \(MPI_|is in MPI_|waits before MPI_|not complete' "$SCRATCH/answer.log" ||
         { show_log "$SCRATCH/answer.log"; fail "request $i: status $status, and no name of what is in the way"; } ;;
  esac
done
expect_pass 60
