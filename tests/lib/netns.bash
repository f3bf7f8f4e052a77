# SPDX-License-Identifier: Apache-2.0
# Several nodes on one machine: network namespaces on a switch that is a namespace too, so that nothing is added to
# the machine's own network. Source it after job.bash. Needs root.
#
#   netns_up COUNT     $NODES (names), $HOSTFILE; jobs of the test then start on the first node; skips if not possible
#   netns_down         called at the end of the test by itself
#   on_node NAME CMD   runs CMD as if logged in on that node
#   cut_node NAME      pulls the node's cable; join_node NAME plugs it in again
#
# /tmp, /dev/shm and process ids are shared by such nodes; the network and the host name are not.

NODES=()

netns_up() {
  local count=$1 i node tag
  [ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
  command -v ip >/dev/null || skip "the ip command is not there (package iproute2)"
  tag=${CAIRN_TEST_ID##*.}
  netns_switch=cairn-$tag-sw
  netns_prefix=cairn-$tag-n
  ip netns add "$netns_switch" 2>/dev/null || skip "this machine allows no network namespaces"
  HOSTFILE=$SCRATCH/hostfile
  : >"$HOSTFILE"
  ip -n "$netns_switch" link add br0 type bridge && ip -n "$netns_switch" link set br0 up || fail "no bridge"
  for ((i = 1; i <= count; i++)); do
    node=$netns_prefix$i
    ip netns add "$node" &&
      ip -n "$netns_switch" link add "p$i" type veth peer name eth0 netns "$node" &&
      ip -n "$netns_switch" link set "p$i" master br0 up &&
      ip -n "$node" addr add "10.77.0.$i/24" dev eth0 &&
      ip -n "$node" link set eth0 up && ip -n "$node" link set lo up || fail "cannot set up node $node"
    NODES+=("$node")
    printf '10.77.0.%d slots=64\n' "$i" >>"$HOSTFILE"
  done
  write_rsh_agent "$count"
  # shellcheck disable=SC2034
  JOB_WRAPPER=("$SCRATCH/on" "${NODES[0]}")
  export OMPI_MCA_plm_rsh_agent=$SCRATCH/rsh OMPI_MCA_orte_keep_fqdn_hostnames=1
  trap 'netns_end $?' EXIT
}

# $SCRATCH/on NODE COMMAND... and, for mpirun, $SCRATCH/rsh [OPTIONS] ADDRESS COMMAND LINE
write_rsh_agent() {
  cat >"$SCRATCH/on" <<'ON'
#!/bin/sh
node=$1; shift
exec ip netns exec "$node" unshare -u sh -c 'hostname "$0"; exec "$@"' "$node" "$@"
ON
  cat >"$SCRATCH/rsh" <<RSH
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
address=\$1; shift
exec "$SCRATCH/on" "$netns_prefix\${address##*.}" sh -c "\$*"
RSH
  chmod +x "$SCRATCH/on" "$SCRATCH/rsh"
}

on_node() { "$SCRATCH/on" "$@"; }
cut_node() { ip -n "$1" link set eth0 down; }
join_node() { ip -n "$1" link set eth0 up; }

netns_end() {
  end_everything
  netns_down
  (exit "$1")
  test_end
}

netns_down() {
  local node
  for node in "${NODES[@]}" "${netns_switch:-}"; do
    [ -n "$node" ] && ip netns del "$node"
  done
  NODES=()
}
