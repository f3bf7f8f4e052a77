# SPDX-License-Identifier: Apache-2.0
# One rank that cannot be saved: the command says which and why, nothing is left on disk, the job goes on.
#   $1 how (see launcher_rank), $2 exit code, $3 what the message says
. "$(dirname "$0")/launcher.bash"
launcher_begin "launcher_failure_$1"
export RANK_FAIL=1:$1
start_ranks 3
for attempt in 1 2; do
  refused "$2" "rank 1 on .*: $3"
  expect_sequences
done
refused "$2" "rank 1 on .*: $3" --term
expect_sequences
end_ranks
