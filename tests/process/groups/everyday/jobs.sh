# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Jobs in the background that are waited for by number, traps, here-documents, a FIFO, arithmetic.
trap 'echo trapped >>said; trapped=$((trapped + 1))' USR1
trapped=0
mkfifo channel
{ i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo $((i * 7)); done; sleep 0.3; } >channel &
writer=$!
{ sort -n | md5sum >sorted; } <channel &
reader=$!
numbers=
for n in 1 2 3 4; do
  (i=0; while [ $i -lt 1500 ]; do i=$((i + n)); done; sleep 0.2; exit $n) &
  numbers="$numbers $!"
done
kill -USR1 $$
for number in $numbers; do
  wait "$number"
  echo "ended with $?"
done
wait $writer; echo "writer $?"
wait $reader; echo "reader $? $(cat sorted) $trapped"
cat <<END | tr a-z A-Z
the value is $(seq 1 3000 | tail -n 1)
END
