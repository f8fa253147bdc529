#!/usr/bin/env bash
# Compiles src/main/cpp against the JPEG library within the Leptonica preset; called by Maven.
# usage: build-library.sh PLATFORM OUTPUT-FOLDER JNI-HEADERS JAVA-HOME UNPACKED-PRESET
# CXX names the compiler; without one, c++, g++ and clang++ are looked for. Where there is none, nothing is built, and
# Leptonica's own reader is used.
set -euo pipefail

platform=$1
output=$2
headers=$3
java_home=$4
preset=$5/org/bytedeco/leptonica/$platform
sources="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/src/main/cpp"

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
  echo "leptonica: no C++ compiler found, so JPEG is decoded by Leptonica's reader, which is slower; install g++ or clang++, or set CXX"
  exit 0
fi

case $platform in
  macosx-*) library=libclip4jjpeg.dylib jni=darwin link=(-dynamiclib) leptonica=("$preset"/libleptonica.*dylib) ;;
  *) library=libclip4jjpeg.so jni=linux link=(-shared -Wl,--as-needed -Wl,-z,noexecstack -s) leptonica=("$preset"/libleptonica.so*) ;;
esac

if [[ -f "$output/$library" && -z "$(find "$sources" "$headers" "${BASH_SOURCE[0]}" -type f -newer "$output/$library" -print -quit)" ]]; then
  exit 0
fi
mkdir -p "$output"
# Exceptions must not cross libjpeg's frames, and there are none: the library needs no C++ run time. Leptonica's library is
# found by its name, as it has been loaded before.
"$compiler" -std=c++17 -O2 -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti -Wall -Wextra \
  -I"$sources" -I"$headers" -I"$java_home/include" -I"$java_home/include/$jni" -isystem "$preset/include" \
  "${link[@]}" "$sources/jpeg.cpp" "${leptonica[0]}" -nodefaultlibs -lc -o "$output/$library.new"
mv "$output/$library.new" "$output/$library"
