# SPDX-License-Identifier: Apache-2.0
# --term on a full disk: no manifest, so the job must not end.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_term_without_space
[ "$(id -u)" -eq 0 ] || skip "wants to mount a small file system"
unshare -m true 2>/dev/null || skip "no mount namespaces"
cat >"$SCRATCH/small" <<'S'
#!/bin/sh
# The job's own mount namespace: a file system with room for directories and the images, but not for a manifest.
mount -t tmpfs -o size=32k small "$SCRATCH/snapshots" || exit 9
head -c 24k /dev/zero >"$SCRATCH/snapshots/ballast"
exec "$@"
S
chmod +x "$SCRATCH/small"
export SCRATCH
JOB_WRAPPER=(unshare -m "$SCRATCH/small")
start_ranks 2
JOB_WRAPPER=()
refused 4 'No space left' --term
[ -z "$(ls "/proc/$JOB_PID/root$SCRATCH/snapshots" | grep -v ballast)" ] || fail "left behind: $(ls "/proc/$JOB_PID/root$SCRATCH/snapshots")"
rm "/proc/$JOB_PID/root$SCRATCH/snapshots/ballast"
timeout 30 "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/again.log" 2>&1 || { show_log "$SCRATCH/again.log"; fail "no checkpoint with room again"; }
end_ranks
