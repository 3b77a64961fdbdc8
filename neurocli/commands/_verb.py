"""The six verbs that run a pipeline differ in where they stop, and in nothing else."""

from __future__ import annotations

from collections.abc import Callable

import typer

from . import _options as o


def verb(name: str, until: str, sentence: str) -> Callable[[typer.Typer], None]:
    """Return the `register` of a verb that runs everything up to a stage."""

    def register(app: typer.Typer) -> None:
        app.command(name, help=sentence)(command)

    def command(
        pipeline: o.Pipeline,
        bids_dir: o.BidsDir,
        out: o.Out,
        file: o.File = None,
        store: o.Store = None,
        store_from: o.StoreFrom = [],  # noqa: B006 - typer copies defaults
        participant_label: o.Participants = [],  # noqa: B006
        session_label: o.Sessions = [],  # noqa: B006
        task_id: o.Tasks = [],  # noqa: B006
        exclude: o.Exclude = None,
        bids_filter_file: o.FilterFile = None,
        sets: o.Sets = [],  # noqa: B006
        seed: o.Seed = None,
        n_cpus: o.Cpus = None,
        mem_gb: o.Memory = None,
        device: o.Device = None,
        executor: o.Executor = "local",
        slurm_args: o.SlurmArgs = [],  # noqa: B006
        detach: o.Detach = False,
        time_limit: o.TimeLimit = None,
        retries: o.Retries = 0,
        dry_run: o.DryRun = False,
        force: o.Force = [],  # noqa: B006
        verify: o.Verify = False,
        fail_fast: o.FailFast = False,
        allow_leak: o.AllowLeak = None,
        print_outputs: o.PrintOutputs = False,
        json: o.Json = False,
        quiet: o.Quiet = False,
        verbose: o.Verbose = False,
        progress: o.Progress = "auto",
    ) -> None:
        from ._show import Show, carry_out

        request = o.request(
            pipeline=pipeline, bids_dir=bids_dir, out=out, until=until, file=file, store=store, store_from=store_from,
            participants=participant_label, sessions=session_label, tasks=task_id, exclude=exclude,
            filter_file=bids_filter_file, sets=sets, seed=seed, n_cpus=n_cpus, mem_gb=mem_gb, device=device,
            executor=executor, slurm_args=slurm_args, detach=detach, time_limit=time_limit, retries=retries,
            dry_run=dry_run, force=force, verify=verify, fail_fast=fail_fast, allow_leak=allow_leak,
        )  # fmt: skip
        show = Show(json=json, quiet=quiet, verbose=verbose, progress=progress, print_outputs=print_outputs)
        raise typer.Exit(carry_out(request, show))

    return register
