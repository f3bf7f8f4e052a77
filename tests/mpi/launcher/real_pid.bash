# SPDX-License-Identifier: Apache-2.0
# ompi-checkpoint takes the process id of the real mpirun, too, and refuses those of other processes.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_real_pid
start_ranks 2
real=$(ps -o pid= --ppid "$JOB_PID" | tr -d ' ')
timeout 30 "$BIN/ompi-checkpoint" "$real" >"$SCRATCH/real.log" 2>&1 || { show_log "$SCRATCH/real.log"; fail "not by the real mpirun's pid"; }
expect_sequences 0
timeout 30 "$BIN/ompi-checkpoint" $$ >"$SCRATCH/other.log" 2>&1
[ $? -eq 2 ] && grep -q 'no mpirun that was started with --with-cr' "$SCRATCH/other.log" || { show_log "$SCRATCH/other.log"; fail "took a shell for mpirun"; }
end_ranks
