# SPDX-License-Identifier: Apache-2.0
# intercomms.bash RANKS TRANSPORT [PARTS]: a program with intercommunicators (intercomms/main.c) goes on after a checkpoint; is
# killed and restarted from one; is checkpointed again, killed and restarted; ends right.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/more_rounds.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/more_rounds.bash"
test_begin crcp_intercomms
case $2 in
  tcp) transport=(--mca pml ob1 --mca btl "tcp,self") ;;
  *) transport=(--mca pml ob1 --mca btl "vader,self") ;;
esac

start_job --oversubscribe "${transport[@]}" -np "$1" "$CAIRN_BUILD/tests/programs/crcp_intercomms" "${3:-imcrn}" "$SCRATCH/until"
wait_for_line '^round 1'
for ((i = 0; i < ${CAIRN_REQUESTS:-2}; ++i)); do
  checkpoint
  await_more_rounds 60
  rm -rf "$SCRATCH"/snapshots/*
done
for ((i = 0; i < 2; ++i)); do
  checkpoint
  kill_job
  restart --mpirun_opts "--oversubscribe ${transport[*]}"
  await_more_rounds 60
done
touch "$SCRATCH/until"
expect_pass 60
