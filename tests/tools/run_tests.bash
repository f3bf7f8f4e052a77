#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/run-tests, on a tree of tests made for it: passed, failed and skipped ones are counted and named, those that
# are left out as well, and only a run without failure ends with 0.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
run_tests=$(cd "$(dirname "$0")/../.." && pwd)/tools/run-tests
unset CAIRN_REPEAT_FAILED  # this test may itself be run by tools/run-tests
test_begin tools.run-tests ctest python3

cat >CTestTestfile.cmake <<'TESTS'
add_test(good true)
set_tests_properties(good PROPERTIES LABELS "unit")
add_test(two.labels true)
set_tests_properties(two.labels PROPERTIES LABELS "mpi;unit")
add_test(unlabelled true)
add_test(cannot sh -c "echo 'cannot: SKIPPED: no such thing here'; exit 77")
set_tests_properties(cannot PROPERTIES LABELS "unit" SKIP_RETURN_CODE 77)
add_test(lengthy true)
set_tests_properties(lengthy PROPERTIES LABELS "mpi;long")
TESTS

"$run_tests" --build . >out 2>&1 || fail "good tests: $(cat out)"
[ "$(tail -n 1 out)" = "3 passed, 0 failed, 2 skipped" ] || fail "wrong count: $(tail -n 1 out)"
grep -qx 'skipped: cannot: no such thing here' out || fail "no reason for the skipped test: $(cat out)"
grep -qx 'skipped: lengthy: left to ./check --full' out || fail "the test that is left out is not named: $(cat out)"
"$run_tests" --build . --full >out 2>&1 || fail "good tests, all: $(cat out)"
[ "$(tail -n 1 out)" = "4 passed, 0 failed, 1 skipped" ] || fail "wrong count: $(tail -n 1 out)"
"$run_tests" --build . --minutes 0 >out 2>&1 && fail "no time is not success"
[ "$(tail -n 1 out)" = "0 passed, 0 failed, 5 skipped" ] || fail "wrong count without time: $(tail -n 1 out)"
"$run_tests" --build . --label mpi >out 2>&1 || fail "one label: $(cat out)"
[ "$(tail -n 1 out)" = "1 passed, 0 failed" ] || fail "wrong count of one label: $(tail -n 1 out)"

echo 'add_test(bad false)' >>CTestTestfile.cmake
"$run_tests" --build . >out 2>&1 && fail "a failed test is success"
[ "$(tail -n 1 out)" = "3 passed, 1 failed, 2 skipped" ] || fail "wrong count: $(tail -n 1 out)"
grep -qx 'failed:  bad' out || fail "the failed test is not named: $(cat out)"

# What is cut short depends on the seed, which is printed, and on nothing else.
for test in a b c d e f g h; do
  printf 'add_test(%s true)\nset_tests_properties(%s PROPERTIES LABELS "mpi")\n' "$test$test" "$test$test"
done >CTestTestfile.cmake
printf 'add_test(beside true)\nset_tests_properties(beside PROPERTIES LABELS "mpi;waits")\n' >>CTestTestfile.cmake
for test in one two three four; do
  printf 'add_test(%s python3 run_nothing.py)\nset_tests_properties(%s PROPERTIES LABELS "mpi")\n' "$test" "$test"
done >>CTestTestfile.cmake
touch run_nothing.py
order() { CHECK_SEED=$1 "$run_tests" --build . >out 2>&1 || fail "seed $1: $(cat out)"; grep -oE 'Start +[0-9]+: (one|two|three|four)' out; }
first=$(order 1)
grep -q 'CHECK_SEED=1 repeats it' out || fail "the seed is not printed: $(cat out)"
[ "$(tail -n 1 out)" = "13 passed, 0 failed" ] || fail "a test is lost in the order, or runs twice: $(cat out)"
[ "$first" = "$(order 1)" ] || fail "the same seed gives another order"
others=$(for seed in 2 3 4 5; do [ "$first" = "$(order $seed)" ] || echo another; done)
[ -n "$others" ] || fail "every seed gives the same order"

cat >run_cases.py <<'DRIVER'
import json, os, sys
cases = [{"name": "a", "status": "passed"}, {"name": "b", "status": "skipped", "text": "no b"}]
cases.append({"name": "c", "status": "failed" if os.path.exists("break") else "passed", "text": "why"})
json.dump({"cases": cases}, open("driver.json", "w"))
print("limit", os.environ.get("CAIRN_CASE_SECONDS"), os.environ["CAIRN_ORDER_SEED"])
sys.exit(1 if os.path.exists("break") else 0)
DRIVER
echo "add_test(driver python3 $PWD/run_cases.py)" >CTestTestfile.cmake
"$run_tests" --build . >out 2>&1 || fail "a driver: $(cat out)"
[ "$(tail -n 1 out)" = "2 passed, 0 failed, 1 skipped" ] || fail "cases of a driver are not counted: $(cat out)"
grep -qx 'skipped: driver: b: no b' out || fail "a skipped case has no reason: $(cat out)"
touch break
"$run_tests" --build . >out 2>&1 && fail "a failed case is success"
grep -qx 'failed:  driver: c' out || fail "the failed case is not named: $(cat out)"

printf 'add_test(unsteady sh -c "test -e once || { touch once; exit 1; }")\n' >CTestTestfile.cmake
"$run_tests" --build . >out 2>&1 || fail "a test that passes the second time: $(cat out)"
[ "$(tail -n 1 out)" = "1 passed, 0 failed" ] || fail "wrong count: $(tail -n 1 out)"
grep -qx 'unsteady: unsteady: passed only when run again' out || fail "the unsteady test is not named: $(cat out)"
rm once
"$run_tests" --build . --full >out 2>&1 && fail "--full runs a failed test again"

printf 'add_test(endless sleep 100)\n' >CTestTestfile.cmake
"$run_tests" --build . --minutes 0.05 >out 2>&1 && fail "a test cut short is success"
grep -qx 'skipped: endless: cut short, since no time was left' out || fail "the test that was cut short is not named: $(cat out)"
