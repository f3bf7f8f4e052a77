# SPDX-License-Identifier: Apache-2.0
# file_server.bash answers | displaced | admission
# While a rank asks for a file whose server does not answer, the program goes on; when it answers, the checkpoint is taken,
# or refused because the file is not there any more. With "admission" it has answered when the request began, and rank 0 always.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin crcp_file_server
answers=0
[ "$1" != admission ] || answers=1
start_job -np 2 "$CAIRN_BUILD/tests/programs/crcp_file_server" "$SCRATCH/file" "$SCRATCH/hung" "$SCRATCH/end" "$answers"
wait_for_line '^round 1$'
if [ "$1" = displaced ]; then
  mv "$SCRATCH/file" "$SCRATCH/elsewhere"
  refused 3 "the open file '.*file' is not at its path any more"
  touch "$SCRATCH/end"
  expect_pass 30
  exit 0
fi
touch "$SCRATCH/hung"
timeout -k 5 100 "$BIN/ompi-checkpoint" --timeout 60 "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 &
request=$!
wait_for_line '^hanging'
until_answered 10 more_rounds $(($(rounds) + 20))
running "$request" || { show_log "$SCRATCH/answer.log"; fail "the request is over"; }
rm "$SCRATCH/hung"
wait "$request" || { show_log "$SCRATCH/answer.log"; fail "not taken"; }
touch "$SCRATCH/end"
expect_pass 30
