#!/usr/bin/env bash
# A real Slurm on this machine, for tests: munge, one slurmctld, and NODES slurmd, without systemd and cgroups. As root.
#
#   up.sh DIR [NODES [PORT [CPUS [MEGABYTES]]]]      then: export SLURM_CONF=DIR/slurm.conf
#
# Everything lies in DIR; daemons listen on PORT (slurmctld) and the NODES ports behind it. Clusters with different directories and
# ports run beside each other. Nodes are n1, n2, …; partitions: main with all of them; pair1 with n1 and n2, pair2 with n3 and n4, …;
# and over each pair urgent1, urgent2, …, whose jobs send those of the others back into the queue.
set -euo pipefail
. "$(dirname "$0")/cluster.sh"

[ $# -ge 1 ] || die "which directory? $0 DIR [NODES [PORT [CPUS [MEGABYTES]]]]"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
nodes=${2:-4} port=${3:-17100} cpus=${4:-2} megabytes=${5:-4000}
[ "$(id -u)" = 0 ] || die "Slurm's daemons have to be started as root"

install_slurm
start_munge

host=$(hostname -s)
make_state "$dir"
{
  general_conf "$dir" "test-$port" "$host(127.0.0.1)" "$port"
  for i in $(seq "$nodes"); do
    echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=$cpus Boards=1 SocketsPerBoard=1" \
      "CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=$megabytes State=UNKNOWN"
  done
  echo "PartitionName=main Nodes=ALL Default=YES PriorityTier=1 MaxTime=INFINITE DefMemPerCPU=100"
  for i in $(seq $(((nodes + 1) / 2))); do
    last=$((2 * i > nodes ? nodes : 2 * i))
    echo "PartitionName=pair$i Nodes=n[$((2 * i - 1))-$last] PriorityTier=1 MaxTime=INFINITE DefMemPerCPU=100"
    echo "PartitionName=urgent$i Nodes=n[$((2 * i - 1))-$last] PriorityTier=9 PreemptMode=OFF MaxTime=INFINITE DefMemPerCPU=100"
  done
} > "$dir/slurm.conf"

export SLURM_CONF="$dir/slurm.conf"
slurmctld
for i in $(seq "$nodes"); do
  mkdir -p "$dir/spool-n$i"
  slurmd -N "n$i"
done
wait_for_nodes "$nodes"
