#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# package.bash CMAKE: an installation to a prefix of its own has all commands, needs neither source nor build tree,
# and another project can build against it.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
source_dir=$(cd "$(dirname "$0")" && pwd)
test_begin install.package cmake pkg-config readelf
prefix=$SCRATCH/prefix

must() {
  "$@" >"$SCRATCH/step.log" 2>&1 || { show_log "$SCRATCH/step.log"; fail "$* failed"; }
}

must cmake --install "$CAIRN_BUILD" --prefix "$prefix"

product="cr_run cr_checkpoint cr_restart cr_info mpirun ompi-checkpoint ompi-restart ompi-snapshot
  cairn-host cairn-mpi-host libcr.so libcr_run.so libcr_omit.so libmpi.so.40"
for place in bin libexec/cairn lib/cairn lib/cairn/mpi; do
  for name in $product; do
    [ ! -f "$CAIRN_BUILD/$place/$name" ] || [ -f "$prefix/$place/$name" ] || fail "$place/$name is not installed"
  done
  for file in "$prefix/$place"/*; do
    [ ! -f "$file" ] || [[ $product =~ (^|[[:space:]])${file##*/}($|[[:space:]]) ]] || fail "what is $place/${file##*/}?"
  done
done
while read -r file; do
  ! readelf -d "$file" 2>/dev/null | grep -E 'R(UN)?PATH' | grep -qF "$CAIRN_BUILD" || fail "$file looks for libraries in the build tree"
done < <(find "$prefix" -type f -perm -u+x)

must cmake -S "$source_dir/consumer" -B "$SCRATCH/consumer" -DCMAKE_PREFIX_PATH="$prefix"
must cmake --build "$SCRATCH/consumer"
must "$SCRATCH/consumer/consumer_cxx"
# shellcheck disable=SC2046
must cc -o "$SCRATCH/by_pkg_config" "$source_dir/consumer/consumer.c" \
  $(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs cairn)
ldd "$SCRATCH/by_pkg_config" | grep -qF "$prefix" || fail "by pkg-config, the program does not find libcr"
! cmake -S "$source_dir/consumer" -B "$SCRATCH/none" >/dev/null 2>&1 || fail "the consumer builds without this installation"
