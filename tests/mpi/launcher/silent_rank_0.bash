# SPDX-License-Identifier: Apache-2.0
# Rank 0, to which the coordinator's connection leads, is stopped.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_silent_rank_0
start_ranks 2
stopped=$(rank_process 0)
kill -STOP "$stopped"
refused 3 'Rank 0 does not answer' --timeout 2
kill -CONT "$stopped"
wait_for_state running
checkpoint
end_ranks
