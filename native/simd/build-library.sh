#!/usr/bin/env bash
# Compiles src/main/cpp for one platform; called by Maven.
# usage: build-library.sh PLATFORM OUTPUT-FOLDER JNI-HEADERS JAVA-HOME
# CXX names the compiler; without one, c++, g++ and clang++ are looked for. Where there is none, nothing is built, and
# Java's own kernels are used.
set -euo pipefail

platform=$1
output=$2
headers=$3
java_home=$4
sources="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/src/main/cpp"
objects="$(dirname "$headers")/objects-$platform"

compiler=${CXX:-}
if [[ -z "$compiler" ]]; then
  for candidate in c++ g++ clang++; do
    if command -v "$candidate" >/dev/null; then
      compiler=$candidate
      break
    fi
  done
fi
if [[ -z "$compiler" ]]; then
  echo "simd: no C++ compiler found, so the library is not built and plain Java is used; install g++ or clang++, or set CXX"
  exit 0
fi

case $platform in
  macosx-*) library=libclip4jsimd.dylib jni=darwin link=(-dynamiclib) ;;
  *) library=libclip4jsimd.so jni=linux link=(-shared -Wl,--as-needed -Wl,-z,noexecstack -s) ;;
esac
case $platform in
  *-x86_64) sets=('baseline ' 'avx2 -mavx2 -mfma -mf16c' 'avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma -mf16c') ;;
  *) sets=('baseline ') ;;
esac

if [[ -f "$output/$library" && -z "$(find "$sources" "$headers" "${BASH_SOURCE[0]}" -type f -newer "$output/$library" -print -quit)" ]]; then
  exit 0
fi
mkdir -p "$output" "$objects"
# No run-time type information, no exceptions: the library needs no C++ run time.
flags=(-std=c++17 -O3 -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti -fno-math-errno -Wall -Wextra
  -I"$sources" -I"$headers" -I"$java_home/include" -I"$java_home/include/$jni")
jobs=()
for set in "${sets[@]}"; do
  read -r -a words <<<"$set"
  "$compiler" "${flags[@]}" "${words[@]:1}" "-DCLIP4J_ISA=${words[0]}" -c "$sources/isa.cpp" -o "$objects/${words[0]}.o" &
  jobs+=($!)
done
"$compiler" "${flags[@]}" -c "$sources/library.cpp" -o "$objects/library.o" &
jobs+=($!)
for job in "${jobs[@]}"; do
  wait "$job"
done
"$compiler" "${link[@]}" "$objects"/*.o -o "$output/$library.new"
mv "$output/$library.new" "$output/$library"
