# SPDX-License-Identifier: Apache-2.0
# opened_late.bash PROGRAM early|late: a program of that name that opens the MPI library by itself has Open MPI's components
# loaded before it begins, or, if one of that name is not taken to call MPI, when it calls MPI_Init; either is saved,
# killed and restarted, again and again.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
name=$1 when=$2
test_begin "shim.opened_late.$name" mpirun ompi-checkpoint ompi-restart
cp "$CAIRN_BUILD/tests/programs/shim_opened_late" "$SCRATCH/$name"
start_job -np 2 "$SCRATCH/$name" "$SCRATCH/begin-now" "$SCRATCH/end"
wait_for_line '^waiting as '
rank_0=$(sed -n 's/^waiting as //p' "$JOB_LOG")
loaded=$(grep -c 'mca_pml_ob1\.so' "/proc/$rank_0/maps")
case $when in
  early) [ "$loaded" -gt 0 ] || fail "the components are not there before the program begins" ;;
  late) [ "$loaded" -eq 0 ] || fail "the components of MPI have been loaded for nothing" ;;
esac
touch begin-now
wait_for_line '^round 100'
for turn in 1 2 3; do
  checkpoint
  kill_job
  restart
  wait_for_line '^round '
  [ "$turn" -ne 1 ] || size=$(stat -c %s "$SNAPSHOT/0/rank_0.ctx")
done
last=$(find "$SNAPSHOT"/ -name rank_0.ctx -printf '%s\n' | sort -n | tail -1)
[ "$last" -lt $((size + size / 4)) ] || fail "images grow: $size, $last"
touch end
expect_pass
