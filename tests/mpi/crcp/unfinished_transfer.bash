# SPDX-License-Identifier: Apache-2.0
# A checkpoint is refused since messages take too long to leave the library; the program receives them whole.
# Slow transport, short timeout: the drain has 0.15 s.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_unfinished_transfer
start_job --oversubscribe --mca pml ob1 --mca btl tcp,self --mca btl_tcp_sndbuf 4096 --mca btl_tcp_rcvbuf 4096 \
  --mca btl_tcp_max_send_size 4096 -np 2 "$CAIRN_BUILD/tests/programs/crcp_unfinished_transfer" "$SCRATCH/go"
wait_for_line '^ready'
timeout 60 "$BIN/ompi-checkpoint" --timeout 1 "$JOB_PID" >refused.log 2>&1 && fail "the checkpoint was not refused"
grep -Eq 'cannot empty its MPI library|no result after' refused.log || { show_log refused.log; fail "refused for another reason"; }
touch "$SCRATCH/go"
expect_pass 60
