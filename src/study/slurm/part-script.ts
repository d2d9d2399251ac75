/**
 * STUDY/slurm/part.sh: what a job does for its part, in bash. The script of each stage ends by reading it, with `study`, `part` and
 * `monosemantic` set.
 */

import type { SlurmProfile } from "./profile.ts";
import { jobName, TENDING, type Naming } from "./queue.ts";

/** Exit codes of `monosemantic work`. */
const GO_ON = 75;
const DISK_FULL = 74;

export function partScript(profile: SlurmProfile, naming: Naming): string {
  const { retries } = profile;
  const tending = TENDING.map((kind) => jobName(kind, 0, naming)).join(",");
  const lookAfter =
    profile.tendMinutes === 0
      ? ""
      : `
# Should a controller's crash have lost the jobs that look after the study, whoever ends does so instead.
if looking=$(timeout 20 squeue -h --name=${tending} -o %i 2>/dev/null) && [ -z "$looking" ]; then
  timeout 300 "\${monosemantic[@]}" resume "$study" --tend
fi
`;
  return `# What the jobs of all stages do for a part. Written by monosemantic.

attempts="$study/parts/$part/attempts"

say() { echo "[$(date -u +%Y-%m-%dT%H:%M:%SZ)] $part: $*" >&2; }
say "job \${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID ($SLURM_JOB_ID) begins on \${SLURMD_NODENAME:-$(hostname)}"

# Reading folders makes a network file system look anew for what other nodes have made.
ls "$study"/parts/*/ >/dev/null 2>&1

# How far the newest checkpoint is, how many attempts ended that far, and how many at a full disk.
reached() { grep -ho '"checkpoint": *[^,}]*[,}]' "$attempts"/*/progress.json 2>/dev/null | tail -n 1; }
stalled() { grep -lF -e "$(reached)" "$attempts"/*/progress.json 2>/dev/null | wc -l; }
full() { grep -l '"ending": *"disk-full"' "$attempts"/*/outcome.json 2>/dev/null | wc -l; }

back_into_the_queue() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if timeout 30 scontrol requeue "$SLURM_JOB_ID"; then
      say "$1: back into the queue"
      [ -z "$terminated" ] && { sleep 60 & wait $!; }  # Slurm ends this copy by TERM.
      exit ${GO_ON}
    fi
    sleep 3 & wait $!  # "Job is pending execution", or the controller is away.
    [ -n "$terminated" ] && exit 143
  done
  exit ${GO_ON}  # For clusters with RequeueExit; elsewhere the job that looks after the study submits it again.
}

# A Node that is only starting takes USR1 for the wish to debug it, and would not stop: it is told once it has begun its attempt.
tried() { ls "$attempts" 2>/dev/null | wc -l; }
before=$(tried)
tell_near_end() {
  while [ "$(tried)" -le "$before" ] && kill -0 "$child" 2>/dev/null; do sleep 0.5; done
  kill -s USR1 "$child" 2>/dev/null
}

# bash runs a trap only while it waits, so the work runs beside it.
child=
terminated=
trap '[ -n "$child" ] && tell_near_end &' USR1
trap 'terminated=yes; [ -n "$child" ] && kill -s TERM "$child" 2>/dev/null' TERM
"\${monosemantic[@]}" work "$study" --part "$part" &
child=$!
while :; do
  wait "$child"
  code=$?
  kill -0 "$child" 2>/dev/null && continue  # It was a signal to this script that ended the waiting.
  wait "$child" 2>/dev/null
  again=$?
  [ $again -ne 127 ] && code=$again
  break
done
say "ended with code $code"

if [ -n "$terminated" ] && [ $code -ne 0 ]; then
  exit 143  # Slurm knows what comes now: back into the queue after a preemption, the end after scancel.
fi
case $code in
  ${GO_ON})
    if [ "$(stalled)" -le $((${retries.stalls} + 1)) ]; then back_into_the_queue "a checkpoint was made"; fi
    say "no newer checkpoint for more than ${retries.stalls} times: the time limit is too short"
    code=1
    ;;
  ${DISK_FULL})
    if [ "$(full)" -le ${retries.diskFull} ]; then
      sleep ${retries.diskFullWait} & wait $!
      [ -n "$terminated" ] && exit 143
      back_into_the_queue "the disk was full"
    fi
    code=1
    ;;
esac
${lookAfter}
exit $code
`;
}
