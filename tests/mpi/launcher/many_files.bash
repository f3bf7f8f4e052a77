# SPDX-License-Identifier: Apache-2.0
# Ranks with more files open than their hosts have numbers for come back under the limit that they were saved under.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.many_files mpirun ompi-checkpoint ompi-restart
ulimit -n 1024
start_job -np 2 "$CAIRN_BUILD/tests/programs/launcher_many_files" 600 "$SCRATCH/end"
wait_for_line '^open'
checkpoint
kill_job
touch end
restart
expect_pass 60
