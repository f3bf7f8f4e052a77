# SPDX-License-Identifier: Apache-2.0
# who_waits.bash text|json|stripped|command: a checkpoint that waits for ranks names them, in --status, in its JSON, and once by the
# command that waits: the call each is in, on what, for whom it waits, and where in the program; who is in a collective, and
# who has not come to it. Of a program without symbols the place is an address in its file.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_who_waits_$1"

# says REGEX...: the status does, of the checkpoint that is asked for meanwhile, before it is told to go on.
says() {
  local end pattern
  for pattern in "$@"; do
    end=$(deadline_of 20)
    until "$BIN/ompi-checkpoint" --status "${options[@]}" "$JOB_PID" >"$SCRATCH/status.log" 2>&1 && grep -Eq -- "$pattern" "$SCRATCH/status.log"; do
      [ $SECONDS -lt "$end" ] || { show_log "$SCRATCH/status.log"; fail "the status does not say '$pattern'"; }
    done
  done
}

where='a communicator of 2 ranks made by MPI_Comm_split'
program='\(crcp_who_waits\)'
options=()
job_program=$CAIRN_BUILD/tests/programs/crcp_who_waits
case $1 in
  text)
    patterns=("^  rank 1: admission: is in MPI_Recv on $where \(from rank 2, tag 77\) .*called from await_word\+0x[0-9a-f]+ $program"
      "^  rank 2: admission: has been outside MPI for .* \(behind in collectives of MPI_COMM_WORLD, "
      "^  rank 0: .*is in MPI_Allreduce on MPI_COMM_WORLD, called from gather_words\+0x[0-9a-f]+ $program, to which ranks 1, 2 have not come") ;;
  json)
    options=(--json)
    patterns=("\"rank\":1,[^}]*\"behind\":true,\"call\":\"MPI_Recv\",\"object\":\"$where\",\"peers\":\"from rank 2, tag 77\",\"at\":\"await_word\+0x[0-9a-f]+ $program\",\"not_come\":\[\]"
      "\"rank\":2,[^}]*\"behind\":true\}"
      "\"rank\":0,[^}]*\"behind\":false,\"call\":\"MPI_Allreduce\",\"object\":\"MPI_COMM_WORLD\",\"peers\":\"\",\"at\":\"gather_words\+0x[0-9a-f]+ $program\",\"not_come\":\[1,2\]") ;;
  stripped)
    strip -o "$SCRATCH/without_symbols" "$CAIRN_BUILD/tests/programs/crcp_who_waits"
    job_program=$SCRATCH/without_symbols
    patterns=('^  rank 1: .*called from without_symbols\+0x[0-9a-f]+$') ;;
  command) patterns=('^checkpointing') ;;
esac

start_job --oversubscribe -np 4 "$job_program" "$SCRATCH/go"
wait_for_line '^rank 2 computes'
"$BIN/ompi-checkpoint" --timeout 60 "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 &
request=$!
says "${patterns[@]}"
if [ "$1" = command ]; then
  end=$(deadline_of 20)
  until grep -q 'rank 1: .*MPI_Recv.*await_word' "$SCRATCH/answer.log"; do
    [ $SECONDS -lt "$end" ] || { show_log "$SCRATCH/answer.log"; fail "the command does not say whom it waits for"; }
    sleep 0.1
  done
fi
touch "$SCRATCH/go"
wait "$request" || { show_log "$SCRATCH/answer.log"; fail "not taken"; }
[ "$1" != command ] || [ "$(grep -c 'waits for these ranks' "$SCRATCH/answer.log")" -eq 1 ] || fail "it says so more than once"
expect_pass 60
