#!/usr/bin/env bash
# From a fresh checkout to all that `cmake --install build/release` installs, and to a network that
# recognises handwritten digits, and the memory it takes.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh
echo "Building..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ cmake --preset release && cmake --build --preset release --target installable recognise_digits; } \
  >"$log" 2>&1 || { cat "$log"; exit 1; }

echo "LeNet-5 reads digits it has never seen:"
build/release/recognise_digits tests/data/lenet5
