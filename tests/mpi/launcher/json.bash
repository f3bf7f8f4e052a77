# SPDX-License-Identifier: Apache-2.0
# With --json a failure is an answer, too: on stdout, with the exit code, the text, and the rank that says so.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_json ompi-checkpoint python3

# answers CODE FIELDS COMMAND...: fails so, and its last line on stdout is an object with these members ("name=REGEX").
answers() {
  local code=$1 fields=$2 status
  shift 2
  timeout -k 5 60 "$@" >"$SCRATCH/answer" 2>"$SCRATCH/answer.err"
  status=$?
  [ "$status" -eq "$code" ] || { show_log "$SCRATCH/answer.err"; fail "$*: status $status, not $code"; }
  tail -n 1 "$SCRATCH/answer" | python3 -c '
import json, re, sys
answer = json.load(sys.stdin)
for field in sys.argv[1].split(";"):
    name, regex = field.split("=", 1)
    if not re.search(regex, str(answer[name])):
        sys.exit("%s is %s" % (name, answer[name]))
' "$fields" || { show_log "$SCRATCH/answer"; fail "$*: not the answer expected"; }
}

export RANK_FAIL=1:finish
start_ranks 2
answers 4 'result=^failed$;code=^4$;rank=^1$;text=rank 1 on .*: writing .*No space' "$BIN/ompi-checkpoint" --json "$JOB_PID"
answers 4 "result=^failed$;code=^4$;text=no-such" "$CAIRN_BUILD/../../bin/ompi-snapshot" show --json "$SCRATCH/no-such"
for option in "" --status --list --term; do
  # shellcheck disable=SC2086
  answers 4 'result=^failed$;code=^4$;text=no process' "$BIN/ompi-checkpoint" --json $option 4194304
done
answers 2 'result=^failed$;code=^2$;text=--term.*--stop' "$BIN/ompi-checkpoint" --json --term --stop "$JOB_PID"
answers 2 'result=^failed$;code=^2$;text=list' "$BIN/ompi-checkpoint" --js --list --term "$JOB_PID"
end_ranks
unset RANK_FAIL
rm "$RANK_UNTIL"
start_ranks 2
checkpoint --json
end_ranks
answers 0 "snapshot=^$SNAPSHOT$;sequence=^0$;ranks=^2$" "$CAIRN_BUILD/../../bin/ompi-snapshot" list --json "$SCRATCH/snapshots"
