#!/usr/bin/env bash
# Compiles src/main/cpp for one platform; called by Maven.
# usage: build-library.sh PLATFORM OUTPUT-FOLDER JNI-HEADERS JAVA-HOME
# CXX names the compiler, for linux-arm64 on another machine CXX_ARM64; without one, the usual ones are looked for. Where
# there is none, nothing is built, and Java's own kernels are used.
set -euo pipefail

platform=$1
output=$2
headers=$3
java_home=$4
module=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sources=$module/src/main/cpp
objects=$(dirname "$headers")/objects-$platform
# shellcheck source=../toolchain.sh
source "$module/../toolchain.sh"

case $platform in
  macosx-*) library=$output/libclip4jsimd.dylib jni=darwin link=(-dynamiclib) ;;
  *) library=$output/libclip4jsimd.so jni=linux link=(-shared -Wl,--as-needed -Wl,-z,noexecstack -s) ;;
esac
find_compiler simd "$platform" 'the library is not built and plain Java is used' "$library"
find_instruction_sets "$platform"

# No run-time type information, no exceptions: the library needs no C++ run time. Sums of integers may wrap, and scratch
# is of several types.
flags=(-std=c++17 -O3 -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti -fno-math-errno -fwrapv -fno-strict-aliasing
  -Wall -Wextra -I"$sources" -I"$headers" -I"$java_home/include" -I"$java_home/include/$jni")
command=$(command_of "${flags[@]}" "${instruction_sets[@]}" "${link[@]}")
if is_current "$library" "$objects/command" "$command" "$sources" "$headers" "$module"/*.sh "$module/../toolchain.sh"; then
  exit 0
fi
mkdir -p "$output" "$objects"
jobs=()
compiled=()
for set in "${instruction_sets[@]}"; do
  read -r -a words <<<"$set"
  "${compiler[@]}" "${flags[@]}" "${words[@]:1}" "-DCLIP4J_ISA=${words[0]}" -c "$sources/isa.cpp" -o "$objects/${words[0]}.o" &
  jobs+=($!)
  compiled+=("$objects/${words[0]}.o")
done
for source in library processor; do
  "${compiler[@]}" "${flags[@]}" -c "$sources/$source.cpp" -o "$objects/$source.o" &
  jobs+=($!)
  compiled+=("$objects/$source.o")
done
for job in "${jobs[@]}"; do
  wait "$job"
done
"${compiler[@]}" "${link[@]}" "${compiled[@]}" -o "$objects/library.new"
mv "$objects/library.new" "$library"
echo "$command" >"$objects/command"
