#!/usr/bin/env bash
# Formats the C++ and CUDA sources; with --check only says what is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh clang-format
case ${1:-} in
  "") mode=(-i) ;;
  --check) mode=(--dry-run --Werror) ;;
  *) echo "usage: scripts/format.sh [--check]" >&2; exit 2 ;;
esac
git ls-files -z --cached --others --exclude-standard '*.h' '*.cpp' '*.cu' '*.cuh' |
  xargs -0 clang-format "${mode[@]}"
