#!/usr/bin/env bash
# A Slurm whose nodes can be cut off the network: controller and nodes have each a network namespace and a host name of their own, on
# a bridge in one more. As root. Ended by down.sh.
#
#   netns.sh up DIR [NODES [NAME]]      NAME begins the names of the namespaces: at most six letters, one for each cluster
#   netns.sh exec DIR COMMAND…          as from a login node: beside the controller
#   netns.sh cut DIR NODE               its cable is out; what runs on it runs on
#   netns.sh mend DIR NODE
set -euo pipefail
. "$(dirname "$0")/cluster.sh"
[ $# -ge 2 ] || die "what to do, and in which directory? $0 up|exec|cut|mend DIR …"
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
shift 2
conf="$dir/slurm.conf"

# Not "ip netns exec", which mounts /sys anew and hides the control groups that slurmd looks for.  within HOST COMMAND…
within() {
  local host=$1
  shift
  nsenter --net="/run/netns/$prefix-$host" unshare --uts --mount \
    sh -c 'hostname "$0" && mount --bind "$1" /etc/hosts && shift && exec "$@"' "$host" "$dir/hosts" "$@"
}

# A namespace with one cable to the bridge.  host NAME NUMBER
host() {
  ip netns add "$prefix-$1"
  echo "$prefix-$1" >> "$dir/namespaces"
  ip link add "v-$1" netns "$prefix-sw" type veth peer name eth0 netns "$prefix-$1"
  ip -n "$prefix-sw" link set "v-$1" master bridge up
  ip -n "$prefix-$1" addr add "10.88.0.$2/24" dev eth0
  ip -n "$prefix-$1" link set eth0 up
  ip -n "$prefix-$1" link set lo up
}

case $action in
  up)
    nodes=${1:-2} prefix=${2:-ms}
    [ "$(id -u)" = 0 ] || die "namespaces and Slurm's daemons want root"
    install_slurm
    start_munge
    make_state "$dir"
    echo "$prefix" > "$dir/prefix"
    ip netns add "$prefix-sw"
    echo "$prefix-sw" > "$dir/namespaces"
    ip -n "$prefix-sw" link add bridge type bridge
    ip -n "$prefix-sw" link set bridge up
    { echo 127.0.0.1 localhost; echo 10.88.0.1 ctl; } > "$dir/hosts"
    host ctl 1
    for i in $(seq "$nodes"); do
      echo "10.88.0.$((10 + i)) n$i" >> "$dir/hosts"
      host "n$i" $((10 + i))
    done
    {
      general_conf "$dir" "$prefix" "ctl(10.88.0.1)" 6817
      for i in $(seq "$nodes"); do
        echo "NodeName=n$i NodeAddr=10.88.0.$((10 + i)) Port=6818 CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2" \
          "ThreadsPerCore=1 RealMemory=4000 State=UNKNOWN"
      done
      echo "PartitionName=main Nodes=ALL Default=YES PriorityTier=1 MaxTime=INFINITE DefMemPerCPU=100"
    } > "$conf"
    export SLURM_CONF="$conf"
    within ctl slurmctld
    for i in $(seq "$nodes"); do
      mkdir -p "$dir/spool-n$i"
      within "n$i" slurmd -N "n$i"
    done
    wait_for_nodes "$nodes" within ctl
    ;;
  exec)
    prefix=$(cat "$dir/prefix")
    export SLURM_CONF="$conf"
    within ctl "$@"
    ;;
  cut | mend)
    prefix=$(cat "$dir/prefix")
    ip -n "$prefix-sw" link set "v-${1:?which node?}" "$([ "$action" = cut ] && echo down || echo up)"
    ;;
  *) die "$action is none of up, exec, cut, mend" ;;
esac
