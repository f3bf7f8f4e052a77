# SPDX-License-Identifier: Apache-2.0
# light_crossings.bash MODE|default single|serialized|multiple TRANSPORT KILLS: a job with this kind of crossings, or that which nobody
# asks for, is killed and restarted KILLS times, and its thread-local state and results stay right.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
mode=$1 threads=$2 transport=$3 kills=$4
test_begin "crcp_light_crossings_${mode}_${threads}_$transport"
unset CAIRN_CROSSING
[ "$mode" = default ] || export CAIRN_CROSSING=$mode
case $transport in
  vader) components=(--mca pml ob1 --mca btl "vader,self") ;;
  tcp) components=(--mca pml ob1 --mca btl "tcp,self") ;;
  ofi) components=(--mca pml cm --mca mtl ofi --mca mtl_ofi_provider_include 'tcp;ofi_rxm') ;;
esac
arguments=("$SCRATCH/stop")
case $threads in
  multiple) arguments+=(at_once) ;;
  single) arguments+=(alone) ;;
esac
start_job --oversubscribe -np 2 "${components[@]}" "$CAIRN_BUILD/tests/programs/crcp_light_crossings" "${arguments[@]}"
wait_for_line '^round 50' 120
# What rank 0 says, also at the end of the job's restarts.
crossing=${mode/default/light}
if [ "$transport" = ofi ] && [ "$mode" != full ]; then
  crossing='full: mca_mtl_ofi.so has thread-local state'
  line="^cairn: calls into MPI are full crossings: ${crossing#full: }$"
  if [ "$mode" != default ]; then
    wait_for_line "$line" 1
  elif grep -q "$line" "$JOB_LOG"; then
    fail "nobody asked"
  fi
fi
says_crossing() {
  "$BIN/ompi-checkpoint" --status "$JOB_PID" >"$SCRATCH/status.log" || fail "--status"
  grep -qx "  calls into MPI: $crossing" "$SCRATCH/status.log" || fail "not '$crossing': $(cat "$SCRATCH/status.log")"
}
says_crossing
for ((i = 0; i < kills; ++i)); do
  checkpoint
  kill_job
  restart
  wait_for_line '^round ' 120
  says_crossing
done
touch "$SCRATCH/stop"
expect_pass 120
