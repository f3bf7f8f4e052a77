# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# One virtual machine: Debian's kernel under QEMU's software emulation, its root this machine's file tree (virtiofs,
# below an overlay whose upper half is memory: what is written there vanishes). Sourced by tests/vm/run.
#
#   vm_prepare DIR COMMAND...   makes DIR/initrd from the words in VM_* below. COMMAND is what node 1 does; the others
#                               do as VM_USER what node 1 tells them by /run/rsh
#   vm_boot DIR                 runs the machine; DIR/out/{status,log} and DIR/console tell how it went
#
# VM_KERNEL release, VM_MODULES ("file.ko arguments", one an entry), VM_USER, VM_CPUS, VM_MEMORY (MiB),
# VM_TIMEOUT (s), VM_NODE and VM_NODES, VM_SHARE (directory shared read-write), VM_NETWORK (directory of the
# UNIX sockets that join the machines), VM_ROOT (where boot/ and lib/modules/ are), VM_QEMU (more options),
# VM_THREADS (multi; single, as -icount needs), VM_PREPARE (a command that root runs first).

VM_BOOT_MODULES="virtio_pci virtiofs overlay virtio_net brd"

vm_kernel_modules() { # in order of loading
  local module
  for module in $VM_BOOT_MODULES; do
    modprobe -d "${VM_ROOT:-/}" -S "$VM_KERNEL" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

vm_copy_modules() { # DIR
  local file number=100 name
  mkdir -p "$1"
  while read -r file; do
    number=$((number + 1)) name=$(basename "$file")
    case $file in
      *.xz) xz -dc "$file" >"$1/$number-${name%.xz}" ;;
      *) cp "$file" "$1/$number-$name" ;;
    esac
  done < <(vm_kernel_modules)
}

# What a command begins with that VM_USER is to run.
vm_as_user() {
  [ "$VM_USER" = root ] || printf 'setpriv --reuid %q --regid %q --init-groups ' "$VM_USER" "$(id -g "$VM_USER")"
}

# What the machine's bash runs once its root is there.
vm_guest_script() { # DIR COMMAND...
  local dir=$1 module
  shift
  cat <<EOF
hostname node$VM_NODE
ip link set lo up
{ echo 127.0.0.1 localhost; for i in \$(seq $VM_NODES); do echo 10.9.0.\$i node\$i; done; } >/etc/hosts
if [ $VM_NODES -gt 1 ]; then ip addr add 10.9.0.$VM_NODE/24 dev eth0; ip link set eth0 up; fi
printf '#!/bin/sh\nhost=\$1; shift; echo "\$*" | exec busybox nc \$host 514\n' >/run/rsh
printf '#!/bin/sh\nread -r command; cd /tmp; exec %s sh -c "\$command" </dev/null 2>&1\n' "$(vm_as_user)" >/run/rshd
chmod +x /run/rsh /run/rshd
dmesg -n 5
EOF
  for module in "${VM_MODULES[@]}"; do
    printf 'insmod %s || { echo 126 >%q/out/status; exit; }\n' "$module" "$dir"
  done
  if [ "$VM_NODE" = 1 ]; then
    cat <<EOF
for i in \$(seq 2 $VM_NODES); do
  tries=0
  until [ "\$(/run/rsh node\$i echo up 2>/dev/null)" = up ] || [ \$tries -ge 300 ]; do sleep 0.2; tries=\$((tries + 1)); done
done
EOF
  fi
  printf '{ %s\n} || { echo 126 >%q/out/status; exit; }\n' "${VM_PREPARE:-:}" "$dir"
  printf 'cd %q; export HOME=$(getent passwd %q | cut -d: -f6)\n' "$PWD" "$VM_USER"
  if [ "$VM_NODE" = 1 ]; then
    printf 'command=(%s' "$(vm_as_user)"
    printf '%q ' "$@"
    printf ')\n'
  else
    printf 'command=(busybox nc -ll -p 514 -e /run/rshd)\n'
  fi
  printf 'echo cairn-test-begins >/dev/kmsg; status=0; "${command[@]}" </dev/null || status=$?\n'
  printf 'dmesg >%q/out/dmesg; echo $status >%q/out/status\n' "$dir" "$dir"
}

vm_init_script() { # DIR
  cat <<EOF
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; mount -t tmpfs t /rw
mkdir /rw/upper /rw/work
for m in /modules/*; do insmod \$m; done
mount -t virtiofs host /host || reboot -f
mount -t overlay root /new -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work || reboot -f
mount -t virtiofs out /out || reboot -f
mkdir -p /new$1/out; mount --move /out /new$1/out
EOF
  [ -z "${VM_SHARE:-}" ] || printf 'mount -t virtiofs share /share && mount --move /share %q\n' "/new$VM_SHARE"
  cat <<EOF
for m in proc sys dev; do mount --move /\$m /new/\$m; done
mount -t tmpfs r /new/run
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts p /new/dev/pts; mount -t tmpfs -o mode=1777 s /new/dev/shm
ln -sf /proc/self/fd /new/dev/fd
cp /command /new/run/command
echo 'stty -F /dev/ttyS1 raw -echo; bash /run/command >/dev/ttyS1 2>&1; sync; echo b >/proc/sysrq-trigger' >/new/run/init
PATH=\${PATH#/bin:}:/bin exec switch_root /new /bin/sh /run/init
EOF
}

vm_prepare() { # DIR COMMAND...
  local dir=$1
  mkdir -p "$dir/out" "$dir/image"/{bin,proc,sys,dev,host,out,share,rw,new}
  cp "$(command -v busybox)" "$dir/image/bin/"
  vm_copy_modules "$dir/image/modules"
  vm_guest_script "$@" >"$dir/image/command"
  vm_init_script "$dir" >"$dir/image/init"
  chmod +x "$dir/image/init"
  (cd "$dir/image" && find . | cpio -o -H newc --quiet) >"$dir/initrd"
}

# Starts a virtiofsd for TAG and adds its device to vm_devices; its pid goes to vm_helpers.
vm_share() { # DIR TAG SOURCE OPTIONS
  local socket=$1/$2.sock tries=0
  /usr/lib/qemu/virtiofsd --socket-path="$socket" -o source="$3" -o sandbox=chroot --rlimit-nofile=500000 \
    -o xattr -o log_level=err -o "$4" -f >"$1/$2.log" 2>&1 &
  vm_helpers+=($!)
  while [ ! -S "$socket" ]; do
    kill -0 $! 2>/dev/null && [ $tries -lt 500 ] || { cat "$1/$2.log" >&2; return 125; }
    sleep 0.02
    tries=$((tries + 1))
  done
  vm_devices+=(-chardev "socket,id=$2,path=$socket" -device "vhost-user-fs-pci,chardev=$2,tag=$2")
}

# Machines are joined in a star: node 1 has one port a peer, bridged by the tests that need more than two nodes.
vm_network() {
  [ "$VM_NODES" -gt 1 ] || return 0
  local mac
  mac=52:54:00:09:00:$(printf %02x "$VM_NODE")
  if [ "$VM_NODE" = 1 ]; then
    vm_devices+=(-netdev "stream,id=net,server=on,addr.type=unix,addr.path=$VM_NETWORK/link")
  else
    vm_devices+=(-netdev "stream,id=net,server=off,addr.type=unix,addr.path=$VM_NETWORK/link")
  fi
  vm_devices+=(-device "virtio-net-pci,netdev=net,mac=$mac,romfile=")
}

# cx16: QEMU 7.2's cmpxchg16b corrupts flags; erms, fsrm: rep movsb is slow under emulation; la57: as most machines.
VM_CPU=max,cx16=off,erms=off,fsrm=off,la57=off

vm_boot() { # DIR
  local dir=$1 status=0
  vm_devices=() vm_helpers=()
  vm_share "$dir" host / cache=always || return
  vm_share "$dir" out "$dir/out" cache=auto,timeout=0 || return
  [ -z "${VM_SHARE:-}" ] || vm_share "$dir" share "$VM_SHARE" cache=auto,timeout=0 || return
  vm_network
  # shellcheck disable=SC2086
  timeout "$VM_TIMEOUT" qemu-system-x86_64 -accel "tcg,thread=${VM_THREADS:-multi}" -cpu "$VM_CPU" \
    -smp "$VM_CPUS" -m "$VM_MEMORY" -object "memory-backend-memfd,id=mem,size=${VM_MEMORY}M,share=on" \
    -machine q35,memory-backend=mem -nodefaults -no-user-config -no-reboot -display none -monitor none \
    "${vm_devices[@]}" ${VM_QEMU:-} -kernel "${VM_ROOT:-}/boot/vmlinuz-$VM_KERNEL" -initrd "$dir/initrd" \
    -append "console=ttyS0 quiet panic=-1 oops=panic net.ifnames=0 mitigations=off" \
    -serial "file:$dir/console" -serial stdio </dev/null >"$dir/out/log" 2>"$dir/qemu.log" || status=$?
  [ ${#vm_helpers[@]} = 0 ] || kill "${vm_helpers[@]}" 2>/dev/null || :
  wait
  return $status
}
