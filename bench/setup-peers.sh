#!/bin/sh
# Makes throw-away Python environments with the peers that bench/*.ts measure beside the product, one for each:
#   sh bench/setup-peers.sh [DIR]          # build/peers unless given; then set MONOSEMANTIC_PEERS=DIR
# Needs Python 3.10 or later with venv, PyPI, 8 GB of disk and a few minutes. A peer that cannot be installed is left out, with
# a line that says so. PyTorch is installed once: CPU-only wheels where their index is reached (200 MB), else PyPI's (3 GB, same
# CPU code); the other environments see it.
set -eu
DIR=${1:-build/peers}
TORCH=${TORCH:-2.13}
unset OPENBLAS_CORETYPE || true
mkdir -p "$DIR"
DIR=$(cd "$DIR" && pwd)

site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }

python3 -m venv "$DIR/torch"
"$DIR/torch/bin/pip" install --quiet --retries 1 --index-url https://download.pytorch.org/whl/cpu "torch==$TORCH.*" numpy ||
  "$DIR/torch/bin/pip" install --quiet "torch==$TORCH.*" numpy
VERSION=$("$DIR/torch/bin/python" -c 'from importlib.metadata import version; print(version("torch"))')
echo "torch $VERSION in $DIR/torch"

# The packages ask for torch among others; pinned to the one that is there, it is found and not installed again.
peer() {
  name=$1
  module=$2
  shift 2
  python3 -m venv "$DIR/$name"
  site "$DIR/torch" >"$(site "$DIR/$name")/torch.pth"
  if "$DIR/$name/bin/pip" install --quiet "torch==$VERSION" "$@" && "$DIR/$name/bin/python" -c "import $module"; then
    echo "$name in $DIR/$name"
  else
    rm -rf "${DIR:?}/$name"
    echo "SKIPPED: $name could not be installed" >&2
  fi
}

peer sae_lens sae_lens 'sae-lens==6.54.*' wandb
peer dictionary_learning dictionary_learning.trainers 'dictionary-learning==0.1.*'
