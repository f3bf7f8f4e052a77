# SPDX-License-Identifier: Apache-2.0
# A Slurm of one node for a test (tests/lib/job.bash): start_cluster DIRECTORY, then SLURM_CONF is set. stop_cluster ends
# it. Everything of it is below the directory and listens on loopback.

daemons=()

daemon() { # NAME COMMAND...
  local name=$1
  shift
  "$@" >"$cluster/$name.out" 2>&1 </dev/null &
  daemons+=($!)
}

free_ports() { # COUNT
  python3 -c 'import socket, sys
all = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in all: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in all])' "$1"
}

start_cluster() {
  cluster=$1
  local node ports
  node=$(hostname -s)
  read -r -a ports <<<"$(free_ports 2)"
  mkdir -p "$cluster/state" "$cluster/spool" "$cluster/run"
  # munged wants directories that only their owner may write to.
  chmod 755 "$cluster" "$cluster/run"
  head -c 1024 /dev/urandom >"$cluster/munge.key"
  chmod 600 "$cluster/munge.key"
  cat >"$cluster/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$cluster/run/munge.sock
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool
SlurmctldPidFile=$cluster/run/slurmctld.pid
SlurmdPidFile=$cluster/run/slurmd.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$cluster/slurm.conf
  daemon munged munged --foreground --force --socket="$cluster/run/munge.sock" --key-file="$cluster/munge.key" \
    --pid-file="$cluster/run/munged.pid" --log-file="$cluster/munge.log" --seed-file="$cluster/munge.seed"
  local until
  until=$(deadline_of 20)
  while [ ! -S "$cluster/run/munge.sock" ]; do
    [ "$SECONDS" -lt "$until" ] || fail "munged does not start: $(tail -n 3 "$cluster/munged.out")"
    sleep 0.1
  done
  daemon slurmctld slurmctld -D
  daemon slurmd slurmd -D -N "$node"
  until=$(deadline_of 40)
  while [ "$(sinfo -h -o %t 2>/dev/null)" != idle ]; do
    [ "$SECONDS" -lt "$until" ] || fail "Slurm does not start: $(tail -n 5 "$cluster/slurmctld.log" "$cluster/slurmd.log")"
    sleep 0.2
  done
}

stop_cluster() {
  [ ${#daemons[@]} -eq 0 ] && return
  scancel --user="$(id -un)" 2>/dev/null
  kill "${daemons[@]}" 2>/dev/null
  wait "${daemons[@]}" 2>/dev/null
  daemons=()
}
