# SPDX-License-Identifier: Apache-2.0
# What was written between checkpoint and kill is still behind the end after a restart: files are by reference.
# A shell: variables, arrays, traps, an open file, arithmetic.
declare -A table
steps=0 sum=0 caught=0
trap 'caught=$((caught + 1))' USR1
exec 5>lines.txt
echo READY
until [ -e "$1" ]; do
  steps=$((steps + 1))
  sum=$((sum + steps))
  table[$((steps % 100))]=$steps
  echo "$steps" >&5
done
kill -USR1 $$
exec 5>&-
mapfile -t lines <lines.txt
if [ "$sum" -ne $((steps * (steps + 1) / 2)) ]; then
  echo "FAIL: $sum after $steps"
elif [ "$caught" -ne 1 ] || [ "${#lines[@]}" -lt "$steps" ] || [ "${lines[steps - 1]}" -ne "$steps" ]; then
  echo "FAIL: caught $caught, ${#lines[@]} lines of $steps"
elif [ "${table[$((steps % 100))]}" -ne "$steps" ]; then
  echo "FAIL: table"
else
  echo PASS
fi
