#!/bin/bash
#SBATCH --job-name=neurocli
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=02:00:00
#SBATCH --requeue --open-mode=append
#SBATCH --signal=B:USR1@120
# sbatch --export=ALL,PIPELINE=eegmat,DATA=/data/eegmat,OUT=/scratch/eegmat job.sh
# SLURM's notice may come before the run has begun to heed it, so it is sent until the run has left
run= told=
tell() { told=1; while [ -n "$run" ] && kill -USR1 "$run" 2>/dev/null; do sleep 1; done; }
trap tell USR1 TERM
# the number of processes follows --cpus-per-task
neurocli run "$PIPELINE" --bids-dir "$DATA" -o "$OUT" ${FILE:+-f "$FILE"} &
run=$!
[ -z "$told" ] || tell
wait "$run"
status=$?
[ -z "$told" ] || { wait "$run"; status=$?; }  # a signal ends the wait, not the run
[ $status -le 128 ] || case $(kill -l "$status") in USR1|TERM) status=75 ;; esac
# 75: it ran out of time or was preempted, and goes on where it was; a job that a person cancelled stays so
if [ $status -eq 75 ]; then
  case $(scontrol show job "$SLURM_JOB_ID") in *JobState=RUNNING*) scontrol requeue "$SLURM_JOB_ID" ;; esac
fi
exit $status
