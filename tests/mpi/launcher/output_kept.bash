# SPDX-License-Identifier: Apache-2.0
# --output-filename, --xml-file: what the ranks printed before the checkpoint is still there after a restart, which prints
# elsewhere.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.output_kept mpirun ompi-checkpoint ompi-restart
start_job --output-filename out -np 1 "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
checkpoint --term
wait_job 60
cp out/1/rank.0/stdout before
grep -q '[sS]tep' before || fail "nothing was printed: $(find out | xargs)"
restart
wait_for_line "output goes to out\.restart-1"
wait_for_line '[sS]tep'
cmp out/1/rank.0/stdout before || fail "what was printed before is not what it was"
grep -q '[sS]tep' out.restart-1/1/rank.0/stdout || fail "nothing is printed to the new place"
kill_job
"$BIN/ompi-restart" --showme "$SNAPSHOT" 2>/dev/null | grep -q -- '--output-filename out.restart-2' || fail "not the next name"

# wait_for_step_in FILE
wait_for_step_in() {
  local end
  end=$(deadline_of 60)
  until grep -qs '[sS]tep' "$1"; do
    running "$JOB_PID" && [ "$SECONDS" -lt "$end" ] || fail "no step in $1"
    sleep 0.02
  done
}
# By the option, and by the parameter that it sets, on the command line and in the environment.
for way in option parameter environment; do
  told=() variables=()
  case $way in
    option) told=(--xml-file "$way.xml") ;;
    parameter) told=(--mca orte_xml_output 1 --mca orte_xml_file "$way.xml") ;;
    environment) variables=(OMPI_MCA_orte_xml_output=1 "OMPI_MCA_orte_xml_file=$way.xml") ;;
  esac
  start_command env "${variables[@]}" "$BIN/mpirun" --with-cr "${told[@]}" -np 1 "$EXAMPLES/ring" --seconds 300 --report 10
  wait_for_step_in "$way.xml"
  checkpoint --term
  wait_job 60
  cp "$way.xml" before
  restart
  wait_for_line "output goes to $way\.xml\.restart-1"
  wait_for_step_in "$way.xml.restart-1"
  cmp "$way.xml" before || fail "$way: what was printed before is not what it was"
  kill_job
done
