# SPDX-License-Identifier: Apache-2.0
# What mpirun was told by OMPI_MCA_ variables, the restarted one is told, too, unless its environment or its options say
# otherwise. Nothing else of the launcher's is new to the program.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.mca_environment mpirun ompi-checkpoint ompi-restart
mkdir work
export OMPI_MCA_btl=self,tcp
start_job --wdir "$SCRATCH/work" -np 2 "$CAIRN_BUILD/tests/programs/launcher_mca_environment" one word
unset OMPI_MCA_btl
wait_for_line '^before: self,tcp$' 60
checkpoint --term
wait_job 60
"$BIN/ompi-restart" --showme "$SNAPSHOT" >showme || fail "--showme"
grep -q '^env .*OMPI_MCA_btl=self,tcp .*mpirun' showme || fail "$(cat showme)"
"$BIN/ompi-restart" --showme --mpirun_opts '--mca btl self,vader' "$SNAPSHOT" >showme || fail "--showme"
! grep -q 'OMPI_MCA_btl' showme || fail "$(cat showme)"
touch work/go
for btl in self,tcp self,vader; do
  [ "$btl" = self,tcp ] || export OMPI_MCA_btl=$btl
  restart
  expect_status 0
  for rank in 0 1; do grep -q "^rank $rank: $btl$" "$JOB_LOG" || fail "rank $rank is not told $btl"; done
  for rank in 0 1; do grep -q "^rank $rank: 2 of its program$" "$JOB_LOG" || fail "OMPI_COMMAND, OMPI_ARGV: $(cat "$JOB_LOG")"; done
  ! grep 'has got' "$JOB_LOG" || fail "the launcher's environment is another one"
done
