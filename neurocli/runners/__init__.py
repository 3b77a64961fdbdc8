"""Who carries a plan out: local workers, SLURM, or any nipype plugin."""
