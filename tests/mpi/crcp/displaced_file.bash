# SPDX-License-Identifier: Apache-2.0
# displaced_file.bash section|later
# An open file is not at its path any more: no checkpoint is taken that could not be restarted, whatever the program does
# while that is asked, and whenever the file goes. Once it is back one is taken.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin "crcp_displaced_file_$1"
start_job -np 1 "$CAIRN_BUILD/tests/programs/crcp_displaced_file" "$SCRATCH/file" "$SCRATCH/end" "$1"
wait_for_line '^ready'
refused 3 "open file .*file'? is not at its path any more"
mv "$SCRATCH/file.away" "$SCRATCH/file"
checkpoint
kill_job
touch "$SCRATCH/end"
restart
expect_pass 60
