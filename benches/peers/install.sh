#!/usr/bin/env bash
# Installs the programs that `cargo bench --bench figures` compares reflow with into a folder of their own:
#   benches/peers/install.sh FOLDER; REFLOW_PEERS=FOLDER cargo bench --bench figures
# Takes a C compiler, cargo and Python 3. ninja and openssl come with the system.
set -euo pipefail
folder=${1:?"usage: install.sh FOLDER"}
mkdir -p "$folder"
cd "$folder"
for package in snakemake redun cwltool 'toil[cwl]'; do
  venv=venv-${package%%[*}
  [ -d "$venv" ] || python3 -m venv "$venv"
  "$venv/bin/pip" --quiet install "$package"
done
CARGO_TARGET_DIR=$PWD/target cargo install --locked --root "$PWD/sprocket" sprocket
for program in */bin/{snakemake,redun,cwltool,toil-cwl-runner,sprocket}; do
  [ ! -x "$program" ] || echo "$program $("$program" --version 2>&1 | tail -1)"
done
