# SPDX-License-Identifier: Apache-2.0
# Only a job's owner and root may ask.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_other_user setpriv
[ "$(id -u)" -eq 0 ] || skip "wants to be another user"
other="setpriv --reuid 65534 --regid 65534 --clear-groups"
$other test -x "$BIN/ompi-checkpoint" || skip "other users may not run what is in $BIN"
start_ranks 2
$other timeout 30 "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/other.log" 2>&1
[ $? -eq 4 ] && grep -q "only a job's owner or root" "$SCRATCH/other.log" || { show_log "$SCRATCH/other.log"; fail "another user was not refused"; }
# Whoever reaches the socket for tools without the cookie gets no further.
for cookie in '' 0000000000000000000000000000000000000000000000000000000000000000; do
  python3 "${BASH_SOURCE[0]%/*}/intruder.py" "$TMPDIR/cairn-$(id -u)/$JOB_PID/tools" "$cookie" || fail "a request without the right cookie was not refused"
done
expect_sequences
end_ranks
