#!/usr/bin/env bash
# The picture in the README: the report of a run, as Chromium shows it.
#   scripts/docs/screenshot.sh runs/one-layer-8x-…/report.html docs/report.png
set -euo pipefail
page=$(realpath "$1")
picture=$(realpath -m "$2")
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$profile" \
  --window-size=1200,1500 --screenshot="$picture" "file://$page"
