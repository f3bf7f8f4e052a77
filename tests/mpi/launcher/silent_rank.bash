# SPDX-License-Identifier: Apache-2.0
# A stopped rank: the command gives up at its timeout and names it; the job and the next request wait for it.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_silent_rank
start_ranks 3
stopped=$(rank_process 1)
kill -STOP "$stopped"
refused 3 'Silent .*: rank 1$' --timeout 2
refused 3 'busy' --timeout 2
kill -CONT "$stopped"
wait_for_state running
expect_sequences
checkpoint
end_ranks
