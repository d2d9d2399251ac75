#!/usr/bin/env bash
# Ends what up.sh or netns.sh has started in DIR: jobs, daemons, network namespaces. DIR itself stays.
set -uo pipefail
. "$(dirname "$0")/cluster.sh"
dir=$(cd "${1:?which directory? $0 DIR}" && pwd)

# Daemons first, so that nothing is begun anew; jobs would go on without them.
for signal in TERM KILL; do
  for _ in $(seq 30); do
    pids=$(processes_of "$dir")
    [ -z "$pids" ] && break 2
    kill -s $signal $pids 2>/dev/null
    sleep 0.1
  done
done
if [ -s "$dir/namespaces" ]; then xargs -r -n 1 ip netns del < "$dir/namespaces" 2>/dev/null; fi
rm -f "$dir/namespaces"
exit 0
