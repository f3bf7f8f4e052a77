# SPDX-License-Identifier: Apache-2.0
# closes_all.bash vader|tcp|ofi
# Ranks close every descriptor that there is, again and again, while checkpoints are taken; the last one restarts. Over
# sockets, too, which a program that does this without Cairn would lose.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_closes_all_$1"
case $1 in
  vader) transport=(--mca pml ob1 --mca btl "self,vader") ;;
  tcp) transport=(--mca pml ob1 --mca btl "self,tcp" --mca btl_tcp_if_include lo) ;;
  ofi) transport=(--mca pml cm --mca mtl ofi --mca mtl_ofi_provider_include "tcp;ofi_rxm") ;;
esac
start_job --oversubscribe "${transport[@]}" -np 2 "$CAIRN_BUILD/tests/programs/crcp_closes_all" "$SCRATCH/end"
wait_for_line '^round' 60
for ((taken = 0; taken < ${CAIRN_CHECKPOINTS:-5}; ++taken)); do checkpoint; done
kill_job
restart
wait_for_line '^round' 60
checkpoint
touch "$SCRATCH/end"
expect_pass 60
