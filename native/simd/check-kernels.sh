#!/usr/bin/env bash
# Compares the kernels of a platform with plain loops in double precision, without Java; called by Maven behind
# build-library.sh. src/test/cpp holds the checks.
# usage: check-kernels.sh PLATFORM BUILD-FOLDER [--bochs INSTRUCTION-SET] [CHECK...]
# Another machine's kernels run under qemu-user, and with --bochs those of an instruction set on a processor that Bochs
# emulates, which has nothing beyond it; where these are missing, nothing is checked.
set -euo pipefail

platform=$1
build=$2
shift 2
module=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sources=$module/src/test/cpp
objects=$build/objects-$platform
output=$build/kernel-checks-$platform
bochs=
if [[ ${1:-} == --bochs ]]; then
  bochs=$2
  shift 2
  output=$output-static
fi
# shellcheck source=../toolchain.sh
source "$module/../toolchain.sh"

find_compiler simd "$platform" 'its kernels are not checked' "$output/kernel-checks"
find_instruction_sets "$platform"
run=()
link=()
if [[ -n $bochs ]]; then
  case $platform/$bochs in
    linux-x86_64/baseline) processor=athlon64_clawhammer ;;
    linux-x86_64/avx2) processor=corei7_haswell_4770 ;;
    linux-x86_64/avx512) processor=corei7_skylake_x ;;
    linux-x86_64/avx512vnni) processor=corei7_icelake_u ;;
    *)
      echo "simd: error: Bochs has no processor for it: actual=$platform/$bochs" \
        "known=linux-x86_64/baseline,avx2,avx512,avx512vnni" >&2
      exit 2
      ;;
  esac
  run=("$module/run-in-bochs.sh" "$build/bochs-$bochs" "$processor")
  set -- --only "$bochs" "$@"
  link=(-static)
elif [[ $platform != "$(host_platform)" ]]; then
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
