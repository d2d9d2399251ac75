# Functions that up.sh and netns.sh share. Read by them, not run.

die() { echo "$0: $*" >&2; exit 1; }

# Slurm and munge, from the distribution, unless they are there.
install_slurm() {
  command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null && return
  command -v apt-get >/dev/null || die "there is no Slurm here, and no apt-get to install it"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update && apt-get -qq install -y --no-install-recommends slurm-wlm munge >/dev/null
}

munge_answers() { echo | munge 2>/dev/null | unmunge >/dev/null 2>&1; }

# munge proves to the daemons who is asking. One per machine does for all clusters on it, which may be starting at the same time: a
# second munged ends with an error, and a key written anew under the first one would make it refuse everybody.
start_munge() {
  munge_answers && return
  (
    flock 9
    munge_answers || run_munge 9>&-
  ) 9> "${TMPDIR:-/tmp}/monosemantic-munge.lock"
}

run_munge() {
  local key=/etc/munge/munge.key
  if [ ! -s $key ]; then
    install -d -o munge -g munge -m 700 /etc/munge
    head -c 1024 /dev/urandom > $key
    chown munge: $key
    chmod 400 $key
  fi
  install -d -o munge -g munge -m 755 /run/munge
  runuser -u munge -- "$(command -v munged || echo /usr/sbin/munged)"
  for _ in $(seq 50); do
    munge_answers && return
    sleep 0.1
  done
  die "munged does not answer"
}

# What does not depend on where the daemons run.  general_conf DIR NAME CONTROLLER PORT
general_conf() {
  cat <<CONF
ClusterName=$2
SlurmctldHost=$3
SlurmctldPort=$4
SlurmUser=slurm
SlurmdUser=root
StateSaveLocation=$1/state
SlurmctldPidFile=$1/state/slurmctld.pid
SlurmctldLogFile=$1/log/slurmctld.log
SlurmdPidFile=$1/slurmd-%n.pid
SlurmdSpoolDir=$1/spool-%n
SlurmdLogFile=$1/log/slurmd-%n.log

AuthType=auth/munge
CredType=cred/munge
# A job that goes back into the queue waits this long: two minutes by default, and five seconds at least.
AuthInfo=cred_expire=5
MpiDefault=none

# No cgroups: processes are followed by their parents, and memory is looked at every second.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none

SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1

# A node that is silent this long is down, and its jobs begin anew on another.
SlurmdTimeout=10
SlurmctldTimeout=10
ReturnToService=2
InactiveLimit=0
KillWait=30
MinJobAge=600
CONF
}

# Where the controller keeps its state, as a user who is not root.  make_state DIR
make_state() {
  mkdir -p "$1/state" "$1/log"
  chown slurm: "$1/state" "$1/log"
  runuser -u slurm -- test -w "$1/state" || die "the user slurm cannot reach $1: every folder above it has to be open (chmod 755)"
}

# Waits until as many nodes answer as there should be.  wait_for_nodes NODES COMMAND… (a prefix for sinfo)
wait_for_nodes() {
  local nodes=$1
  shift
  local end=$((SECONDS + 30))
  while [ $SECONDS -lt $end ]; do
    [ "$("$@" timeout 2 sinfo -h -N -t idle,mixed,allocated -p main -o %N 2>/dev/null | sort -u | wc -l)" = "$nodes" ] && return
    sleep 0.1
  done
  "$@" timeout 5 sinfo -N -l >&2 || true
  die "not all $nodes nodes answer after 30 seconds: see the logs"
}

# Numbers of the processes with all these words in their environment.  having WORD…
having() {
  local files=(/proc/[0-9]*/environ) word
  for word in "$@"; do
    mapfile -t files < <(grep -lszx -e "$word" "${files[@]}")
    [ ${#files[@]} -gt 0 ] || return 0
  done
  printf '%s\n' "${files[@]}" | cut -d/ -f3
}

# Of the jobs of a cluster, on one node or on all.  jobs_of DIR [NODE]
jobs_of() { having "SLURM_CONF=$1/slurm.conf" 'SLURM_JOB_ID=.*' "SLURMD_NODENAME=${2:-.*}"; }

# Daemons and jobs of a cluster, and nobody who only asks it.
processes_of() {
  local pid
  for pid in $(having "SLURM_CONF=$1/slurm.conf"); do
    case $(cat "/proc/$pid/comm" 2>/dev/null) in slurmctld | slurmd | slurmstepd | srvcn | sackd) echo "$pid" ;; esac
  done
  jobs_of "$1"
}
