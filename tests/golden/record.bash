#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# record.bash PREFIX NAME [PROGRAM...]: writes process-NAME.ctx, and PROGRAM-NAME.tar.xz for family, ipc, job, self, state
# and tree, here, or those of the PROGRAMs, with the Cairn that is installed in PREFIX. The environment and the directories are such
# that nothing of this machine but its host name gets into the files.
set -eu
prefix=$1 name=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/job.bash
. "$here/../lib/job.bash"
close_inherited_descriptors
scratch=$(mktemp -d /tmp/golden.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/snapshots"
cd /

# A command and not a function: in the background its process must be the one that is asked for a checkpoint.
clean=(env -i "PATH=$prefix/bin:/usr/bin:/bin" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
until_step() { until grep -qsx "step $1" "$scratch/log"; do kill -0 "$pid" || exit 1; sleep 0.02; done; }
pack() { tar --owner=0 --group=0 --mode=u+rwX,go+rX -C "$1" -cJf "$here/$3" "$2"; }

record_process() {
  cc -std=gnu11 -D_GNU_SOURCE -O1 -o "$scratch/process" "$here/process.c" -lpthread
  "${clean[@]}" cr_run "$scratch/process" </dev/null >&3 2>&1 3>&- & pid=$!
  until_step 20
  "${clean[@]}" cr_checkpoint --compress=zstd --kill -f "$scratch/process.ctx" "$pid"
  wait "$pid" || true
  install -m 644 "$scratch/process.ctx" "$here/process-$name.ctx"
}

record_ranks() {  # PROGRAM
  mpicc.openmpi -std=gnu11 -O1 -o "$scratch/$1" "$here/$1.c"
  "${clean[@]}" mpirun --with-cr --cr-compress zstd --cr-dir "$scratch/snapshots" --oversubscribe -np 2 "$scratch/$1" \
    </dev/null >&3 2>&1 3>&- & pid=$!
  until_step 15
  "${clean[@]}" ompi-checkpoint --term "$pid"
  wait "$pid" || true
  mv "$scratch/snapshots/"*.ckpt "$scratch/snapshots/golden.ckpt"
  pack "$scratch/snapshots" golden.ckpt "$1-$name.tar.xz"
}

record_job() { record_ranks job; }

record_family() { record_ranks family; }

record_tree() {
  cc -std=gnu11 -D_GNU_SOURCE -O1 -o "$scratch/tree" "$here/tree.c"
  "${clean[@]}" cr_run "$scratch/tree" </dev/null >&3 2>&1 3>&- & pid=$!
  until_step 20
  "${clean[@]}" cr_checkpoint --tree --compress=zstd --kill -f "$scratch/tree.group" "$pid"
  wait "$pid" || true
  pack "$scratch" tree.group "tree-$name.tar.xz"
}

record_self() {
  cc -std=gnu11 -O1 -I"$prefix/include" -o "$scratch/self" "$here/self.c" -L"$prefix/lib/cairn" -lcr \
    -Wl,-rpath,"$prefix/lib/cairn"
  echo "$scratch/self.ctx" >"$scratch/names"
  "${clean[@]}" cr_run "$scratch/self" <"$scratch/names" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
  pack "$scratch" self.ctx "self-$name.tar.xz"
}

record_state() {
  cc -std=gnu11 -D_GNU_SOURCE -O1 -o "$scratch/state" "$here/state.c"
  printf 0123456 >"$scratch/data"
  cd "$scratch"
  "${clean[@]}" cr_run "$scratch/state" </dev/null >&3 2>&1 3>&- & pid=$!
  cd /
  until_step 20
  "${clean[@]}" cr_checkpoint --compress=zstd --kill -f "$scratch/state.ctx" "$pid"
  wait "$pid" || true
  tar --owner=0 --group=0 --mode=u+rwX,go+rX -C "$scratch" -cJf "$here/state-$name.tar.xz" state.ctx data
}

# In an IPC namespace of its own, which ends with it and all that is in it.
record_ipc() {
  cc -std=gnu11 -D_GNU_SOURCE -O1 -o "$scratch/ipc" "$here/ipc.c" -lrt
  printf 0123456 >"$scratch/data"
  cd "$scratch"
  "${clean[@]}" unshare --ipc bash -c 'cr_run "$0" & echo $! >pid; wait' "$scratch/ipc" </dev/null >&3 2>&1 3>&- &
  shell=$!
  cd /
  until [ -s "$scratch/pid" ]; do sleep 0.02; done
  pid=$(cat "$scratch/pid")
  until_step 20
  "${clean[@]}" nsenter --target "$pid" --ipc cr_checkpoint --compress=zstd --kill -f "$scratch/ipc.ctx" "$pid"
  wait "$shell" || true
  tar --owner=0 --group=0 --mode=u+rwX,go+rX -C "$scratch" -cJf "$here/ipc-$name.tar.xz" ipc.ctx data
}

[ $# -gt 0 ] || set -- family ipc job process self state tree
for program in "$@"; do
  exec 3> >(exec cat >"$scratch/log")  # a pipe: a file would have to be there at the restart
  "record_$program"
  ls -l "$here/$program-$name."*
done
