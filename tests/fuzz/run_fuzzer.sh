#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run_fuzzer.sh FUZZER SEED_MAKER SECONDS: fuzzes from fresh seeds; what it learned stays in FUZZER.corpus, an input
# that broke it in FUZZER.crash-*. Fails if it broke, or allocated more than 64 MiB at once. 77 (skipped) if the fuzzer
# was not built. CAIRN_FUZZ_RUNS: so many inputs instead of SECONDS.
set -eu
fuzzer=$1 seeds=$2 seconds=$3
if [ ! -x "$fuzzer" ]; then
  echo "not built: build the target fuzzers"
  exit 77
fi
"$seeds" "$fuzzer.seeds"
mkdir -p "$fuzzer.corpus"
limit=-max_total_time=$seconds
[ -z "${CAIRN_FUZZ_RUNS:-}" ] || limit=-runs=$CAIRN_FUZZ_RUNS
# The process in which a manifest is read may not make the call by which ASan takes back its signal stack.
export ASAN_OPTIONS="use_sigaltstack=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
exec "$fuzzer" "$limit" -max_len=65536 -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=64 -print_final_stats=1 \
  -artifact_prefix="$fuzzer.crash-" "$fuzzer.corpus" "$fuzzer.seeds"
