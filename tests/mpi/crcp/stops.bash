# SPDX-License-Identifier: Apache-2.0
# Rank $1 is stopped for longer than the timeout at some moment between a request and its end: the
# others do not wait for it longer than the timeout and a few seconds, one message names it, and when it is continued the
# next request succeeds. At the end every value was right.
# CAIRN_STOPS: how many times (the phases come by chance, so few of them do not meet all); CAIRN_STOPS_RANKS.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
which=$1
test_begin "crcp_stops.$which"
start_job --oversubscribe -np "${CAIRN_STOPS_RANKS:-4}" "$CAIRN_BUILD/tests/programs/crcp_stops" "$which" "$SCRATCH/until"
wait_for_line '^process .* is slow'
wait_for_line '^round 2$'
stopped=$(sed -n 's/^process \(.*\) is slow/\1/p' "$JOB_LOG")
status() { "$BIN/ompi-checkpoint" -s --json "$JOB_PID" 2>&1; }
# What rank 0 says, while it or rank 1 is stopped.
phase() { status | sed -n 's/.*"rank":0,"phase":"\([^"]*\)","text":"\([^",]*\).*/\1 \2/p'; }
is_named() { tr '\n' ' ' <"$1" | grep -Eq "Silent .*rank *$which |Rank *$which does not|job is stopped .rank *$which,"; }

for ((i = 0; i < ${CAIRN_STOPS:-3}; ++i)); do
  timeout -k 5 60 "$BIN/ompi-checkpoint" --timeout 2 "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 &
  request=$!
  sleep "0.$(printf '%03d' $((80 + RANDOM % 320)))" # the moment itself, not a wait for something
  kill -STOP "$stopped"
  sleep 0.3
  where=$(phase)
  wait "$request"
  code=$?
  case $code in
    0) where=through ;;
    3) is_named "$SCRATCH/answer.log" || { show_log "$SCRATCH/answer.log"; fail "stop $i: rank $which is not named"; } ;;
    *) show_log "$SCRATCH/answer.log"; fail "stop $i: status $code" ;;
  esac
  say "stop $i: $code, ${where:-unknown}"
  until_answered 6 more_rounds $(($(rounds) + 5))
  until_answered 6 more_rounds $(($(rounds) + 5))
  kill -CONT "$stopped"
  until_answered 20 is_free
  checkpoint
  until_answered 6 more_rounds $(($(rounds) + 5))
done
touch "$SCRATCH/until"
expect_pass 60
