# SPDX-License-Identifier: Apache-2.0
# A rank is killed in the middle of a checkpoint: the command says that the job ended, and nothing is left.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_rank_dies
export RANK_DIE=1
start_ranks 3
note_segments
refused 5 'the job ended during the checkpoint'
expect_status 137 30
expect_sequences
