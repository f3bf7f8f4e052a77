# SPDX-License-Identifier: Apache-2.0
# who_waits_in.bash threads|files|windows|generalized|persistent: a checkpoint that waits for a rank says what this one
# waits for, in the status and in the refusal, when its time is over.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_who_waits_in_$1"

pair='a communicator of 2 ranks made by MPI_Comm_split'
from() { echo ", called from $1\\+0x[0-9a-f]+ \\(crcp_who_waits_in\\)"; }
late=', to which rank 2 has not come'
case $1 in
  threads)
    barrier="is in MPI_Barrier on a communicator of 2 ranks made by MPI_Comm_dup( \\(behind.*\\))?$(from join_other)$late"
    receive="is in MPI_Recv on $pair \\(from rank 2, tag 77\\)( \\(behind.*\\))?$(from await_word)"
    said="$barrier; another thread $receive$|$receive; another thread $barrier$"
    refused='is in MPI_[A-Z][a-z]* on .*; another thread is in MPI_[A-Z][a-z]* on' ;;
  files)
    said="is in MPI_File_close on the file numbers .*$(from close_file)$late$"
    refused='is in MPI_File_close on the file numbers' ;;
  windows)
    said="is in MPI_Win_lock on the window counter \\(for the lock of rank 1\\) .*$(from lock_counter)$"
    refused='is in MPI_Win_lock on the window counter \(for the lock of rank 1\)' ;;
  generalized)
    said="is in MPI_Wait \\(for a generalized request\\) .*$(from await_request)$"
    refused='is in MPI_Wait \(for a generalized request\)' ;;
  persistent)
    said="is in MPI_Wait on $pair .*$(from await_request)$late$"
    refused="is in MPI_Wait on $pair" ;;
esac
said="^  rank 1: admission: ($said)"

cd "$SCRATCH" || exit 1
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_who_waits_in" "$1" "$SCRATCH/go"
wait_for_line '^rank 2 computes'
"$BIN/ompi-checkpoint" --timeout 5 "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 &
request=$!
end=$(deadline_of 20)
until "$BIN/ompi-checkpoint" --status "$JOB_PID" >"$SCRATCH/status.log" 2>&1 && grep -Eq -- "$said" "$SCRATCH/status.log"; do
  [ $SECONDS -lt "$end" ] || { show_log "$SCRATCH/answer.log"; fail "the status does not say '$said'"; }
done
wait "$request" && fail "taken, although rank 1 was behind"
grep -Eq -- "collective calls that others are in: $refused" "$SCRATCH/answer.log" ||
  { show_log "$SCRATCH/answer.log"; fail "the refusal does not say '$refused'"; }
touch "$SCRATCH/go"
expect_pass 60
