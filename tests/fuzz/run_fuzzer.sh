#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run_fuzzer.sh FUZZER SEED_MAKER SECONDS: fuzzes from fresh seeds; what it learned stays in FUZZER.corpus, an input
# that broke it in FUZZER.crash-*. Fails if it broke. 77 (skipped) if the fuzzer was not built.
set -eu
fuzzer=$1 seeds=$2 seconds=$3
if [ ! -x "$fuzzer" ]; then
  echo "not built: build the target fuzzers"
  exit 77
fi
"$seeds" "$fuzzer.seeds"
mkdir -p "$fuzzer.corpus"
exec "$fuzzer" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
  -artifact_prefix="$fuzzer.crash-" "$fuzzer.corpus" "$fuzzer.seeds"
