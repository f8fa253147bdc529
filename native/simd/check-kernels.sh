#!/usr/bin/env bash
# Compares the kernels of a platform with plain loops in double precision, without Java; called by Maven behind
# build-library.sh. src/test/cpp holds the checks.
# usage: check-kernels.sh PLATFORM BUILD-FOLDER [CHECK...]
# Another machine's kernels run under qemu-user; where it is missing, nothing is checked.
set -euo pipefail

platform=$1
build=$2
shift 2
module=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sources=$module/src/test/cpp
objects=$build/objects-$platform
output=$build/kernel-checks-$platform
# shellcheck source=../toolchain.sh
source "$module/../toolchain.sh"

find_compiler simd "$platform" 'its kernels are not checked' "$output/kernel-checks"
find_instruction_sets "$platform"
run=()
link=()
if [[ $platform != "$(host_platform)" ]]; then
  for candidate in qemu-aarch64-static qemu-aarch64; do
    if [[ ${#run[@]} -eq 0 ]] && command -v "$candidate" >/dev/null; then
      run=("$candidate")
    fi
  done
  if [[ ${#run[@]} -eq 0 ]]; then
    echo "simd: no qemu-aarch64 found, so the kernels of $platform are not checked; install qemu-user-static"
    exit 0
  fi
  # Needs none of the other machine's libraries to run.
  link=(-static)
fi

parts=("$objects/processor.o")
for set in "${instruction_sets[@]}"; do
  parts+=("$objects/${set%% *}.o")
done
flags=(-std=c++17 -O2 -fno-strict-aliasing -Wall -Wextra -I"$module/src/main/cpp")
command=$(command_of "${flags[@]}")
if ! is_current "$output/kernel-checks" "$output/command" "$command" "$sources" "$module/src/main/cpp" "$module"/*.sh "${parts[@]}"; then
  mkdir -p "$output"
  jobs=()
  checks=()
  for source in "$sources"/*.cpp; do
    object=$output/$(basename "$source" .cpp).o
    checks+=("$object")
    "${compiler[@]}" "${flags[@]}" -c "$source" -o "$object" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do
    wait "$job"
  done
  "${compiler[@]}" "${link[@]+"${link[@]}"}" "${checks[@]}" "${parts[@]}" -o "$output/kernel-checks"
  echo "$command" >"$output/command"
fi
exec "${run[@]+"${run[@]}"}" "$output/kernel-checks" "$@"
