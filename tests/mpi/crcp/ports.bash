# SPDX-License-Identifier: Apache-2.0
# A job with an open port and a published name (ports.c) is killed and restarted, twice: the ranks meet at the port that they
# know, and find it by the name.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_ports
start_job --oversubscribe --wdir "$SCRATCH" -np 3 "$CAIRN_BUILD/tests/programs/crcp_ports"
for time in 0 1; do
  wait_for_line "^met $time"
  checkpoint
  kill_job
  restart --mpirun_opts --oversubscribe
  touch "$SCRATCH/go$time"
done
expect_pass 60
