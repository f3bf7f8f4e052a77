# SPDX-License-Identifier: Apache-2.0
# --term: the job ends when its manifest is on disk, and mpirun says so by its exit code.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_term
start_ranks 3
checkpoint --term
expect_status 85 30
expect_sequences 0
