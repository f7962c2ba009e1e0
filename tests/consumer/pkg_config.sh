#!/usr/bin/env bash
# Compiles guide.cpp, and place_buffers.cpp with the planner alone, with the flags of pkg-config and
# runs them:
#   pkg_config.sh LIBRARY_FOLDER PROGRAM MODEL COMPILER [FLAG...]
set -euo pipefail

library=$1 program=$2 model=$3
shift 3
export PKG_CONFIG_PATH=$library/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs mini_infer)"
"$@" -std=c++20 "$(dirname "$0")/guide.cpp" "${flags[@]}" -Wl,-rpath,"$library" -o "$program"
"$program" "$model"

read -ra flags <<<"$(pkg-config --cflags --libs mini_infer_planner)"
"$@" -std=c++20 "$(dirname "$0")/place_buffers.cpp" "${flags[@]}" -Wl,-rpath,"$library" -o "$program.planner"
"$program.planner"
