# SPDX-License-Identifier: Apache-2.0
# A directory where nothing can be created: the command says so, the job goes on.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_unwritable
start_command "$BIN/mpirun" --with-cr --cr-dir /proc -np 2 true
wait_for_state running
refused 4 'creating /proc/ompi_global_snapshot'
refused 4 'creating /proc/ompi_global_snapshot' --term
end_ranks
