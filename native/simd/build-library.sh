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
# shellcheck source=toolchain.sh
source "$module/toolchain.sh"

find_compiler "$platform" 'the library is not built and plain Java is used'
find_instruction_sets "$platform"
case $platform in
  macosx-*) library=libclip4jsimd.dylib jni=darwin link=(-dynamiclib) ;;
  *) library=libclip4jsimd.so jni=linux link=(-shared -Wl,--as-needed -Wl,-z,noexecstack -s) ;;
esac

if [[ -f "$output/$library" && -z "$(find "$sources" "$headers" "$module"/*.sh -type f -newer "$output/$library" -print -quit)" ]]; then
  exit 0
fi
mkdir -p "$output" "$objects"
# No run-time type information, no exceptions: the library needs no C++ run time.
flags=(-std=c++17 -O3 -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti -fno-math-errno -Wall -Wextra
  -I"$sources" -I"$headers" -I"$java_home/include" -I"$java_home/include/$jni")
jobs=()
for set in "${instruction_sets[@]}"; do
  read -r -a words <<<"$set"
  "${compiler[@]}" "${flags[@]}" "${words[@]:1}" "-DCLIP4J_ISA=${words[0]}" -c "$sources/isa.cpp" -o "$objects/${words[0]}.o" &
  jobs+=($!)
done
for source in library processor; do
  "${compiler[@]}" "${flags[@]}" -c "$sources/$source.cpp" -o "$objects/$source.o" &
  jobs+=($!)
done
for job in "${jobs[@]}"; do
  wait "$job"
done
"${compiler[@]}" "${link[@]}" "$objects"/*.o -o "$output/$library.new"
mv "$output/$library.new" "$output/$library"
