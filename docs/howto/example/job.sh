#!/bin/bash
#SBATCH --job-name=neurocli
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=02:00:00
#SBATCH --requeue --open-mode=append
#SBATCH --signal=B:USR1@120
# sbatch --export=ALL,PIPELINE=eegmat,DATA=/data/eegmat,OUT=/scratch/eegmat job.sh
# the number of processes follows --cpus-per-task
neurocli run "$PIPELINE" --bids-dir "$DATA" -o "$OUT" ${FILE:+-f "$FILE"} &
run=$!
trap 'kill -USR1 $run 2>/dev/null' USR1 TERM
while :; do
  wait $run
  status=$?
  kill -0 $run 2>/dev/null || break  # a signal ends the wait, not the run
done
# 75: it ran out of time or was preempted, and goes on where it was
if [ $status -eq 75 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit $status
