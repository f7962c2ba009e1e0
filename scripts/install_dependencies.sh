#!/usr/bin/env bash
# Installs what Mini-Infer is built and tested with, where it is missing (Debian 12 and its kin):
#   scripts/install_dependencies.sh [PACKAGE...]      further packages to have, clang-tidy say
set -euo pipefail

packages=(
  cmake ninja-build g++ ccache pkg-config
  libprotozero-dev zlib1g-dev nlohmann-json3-dev libcli11-dev
  libgtest-dev libgmock-dev python3
  "$@"
)

if ! command -v apt-get >/dev/null; then
  echo "This system has no apt-get. Please install what these Debian packages hold: ${packages[*]}"
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $state == installed* ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || { echo "Please install as root: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "Installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
