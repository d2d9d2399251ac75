#!/bin/sh
# Makes a throw-away Python environment with the peers that bench/*.ts measure beside the product:
#   sh bench/setup-peers.sh /tmp/peers
#   MONOSEMANTIC_BENCH_PYTHON=/tmp/peers/bin/python node bench/forward.ts
# Tries PyTorch's CPU-only wheels first (200 MB); the index of PyPI has only the build with CUDA (3 GB), same CPU code.
set -eu
DIR=${1:?"usage: sh bench/setup-peers.sh DIR"}
unset OPENBLAS_CORETYPE || true
python3 -m venv "$DIR"
"$DIR/bin/pip" install --quiet --retries 1 --index-url https://download.pytorch.org/whl/cpu 'torch==2.13.*' numpy ||
  "$DIR/bin/pip" install --quiet 'torch==2.13.*' numpy
"$DIR/bin/python" -c 'import torch; print("torch", torch.__version__, "on", torch.get_num_threads(), "threads")'
echo "MONOSEMANTIC_BENCH_PYTHON=$DIR/bin/python"
