# SPDX-License-Identifier: Apache-2.0
# missing_entry.bash NAME: check mode finds an entry that is missing (the library is bound around it), and names it.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_missing_entry_$1"
export CAIRN_CROSSING=check,around=$1
start_job --oversubscribe -np 2 --mca pml ob1 --mca btl vader,self "$CAIRN_BUILD/tests/programs/crcp_light_crossings" "$SCRATCH/stop"
wait_for_line "^cairn: light crossing: .* has touched thread-local state" 60
wait_for_line "$1" 1
