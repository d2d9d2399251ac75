#!/usr/bin/env bash
# A node that loses its power: kill -9 to a node's slurmd and to everything of its jobs.  kill-node.sh DIR NODE
# With a third word, daemon, to its slurmd alone: the jobs go on.
set -uo pipefail
. "$(dirname "$0")/cluster.sh"
dir=$(cd "${1:?which directory? $0 DIR NODE}" && pwd)
node=${2:?which node? $0 DIR NODE}
pids=$(cat "$dir/slurmd-$node.pid")
if [ "${3:-}" != daemon ]; then
  for pid in $(jobs_of "$dir" "$node"); do
    pids="$pids $pid"
    parent=$(ps -o ppid= -p "$pid" | tr -d ' ')
    case $(ps -o args= -p "${parent:-0}" 2>/dev/null) in slurmstepd*) pids="$parent $pids" ;; esac
  done
fi
kill -9 $pids 2>/dev/null
exit 0
