#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# record.bash PREFIX NAME: writes process-NAME.ctx and job-NAME.tar.xz here, with the Cairn that is installed in PREFIX. The
# environment and the directories are such that nothing of this machine but its host name gets into the files.
set -eu
prefix=$1 name=$2
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d /tmp/golden.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/snapshots"
cc -std=gnu11 -D_GNU_SOURCE -O1 -o "$scratch/process" "$here/process.c" -lpthread
mpicc.openmpi -std=gnu11 -O1 -o "$scratch/job" "$here/job.c"
cd /

clean() { env -i PATH="$prefix/bin:/usr/bin:/bin" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "$@"; }
until_step() { until grep -qx "step $1" "$scratch/log"; do kill -0 "$pid" && sleep 0.02; done; }

clean cr_run "$scratch/process" </dev/null >"$scratch/log" 2>&1 & pid=$!
until_step 20
clean cr_checkpoint --compress=zstd --kill -f "$scratch/process.ctx" "$pid"
wait "$pid" || true

clean mpirun --with-cr --cr-compress zstd --cr-dir "$scratch/snapshots" --oversubscribe -np 2 "$scratch/job" \
  </dev/null >"$scratch/log" 2>&1 & pid=$!
until_step 15
clean ompi-checkpoint --term "$pid"
wait "$pid" || true

install -m 644 "$scratch/process.ctx" "$here/process-$name.ctx"
mv "$scratch/snapshots/"*.ckpt "$scratch/snapshots/golden.ckpt"
tar --owner=0 --group=0 --mode=u+rwX,go+rX -C "$scratch/snapshots" -cJf "$here/job-$name.tar.xz" golden.ckpt
ls -l "$here/process-$name.ctx" "$here/job-$name.tar.xz"
