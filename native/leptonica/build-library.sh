#!/usr/bin/env bash
# Compiles src/main/cpp against the JPEG library within the Leptonica preset; called by Maven.
# usage: build-library.sh PLATFORM OUTPUT-FOLDER JNI-HEADERS JAVA-HOME UNPACKED-PRESET
# CXX names the compiler, for linux-arm64 on another machine CXX_ARM64; without one, the usual ones are looked for. Where
# there is none, nothing is built, and Leptonica's own reader is used.
set -euo pipefail

platform=$1
output=$2
headers=$3
java_home=$4
preset=$5/org/bytedeco/leptonica/$platform
module=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sources=$module/src/main/cpp
# shellcheck source=../toolchain.sh
source "$module/../toolchain.sh"

case $platform in
  macosx-*) library=$output/libclip4jjpeg.dylib jni=darwin link=(-dynamiclib) leptonica=("$preset"/libleptonica.*dylib) ;;
  *) library=$output/libclip4jjpeg.so jni=linux link=(-shared -Wl,--as-needed -Wl,-z,noexecstack -s) leptonica=("$preset"/libleptonica.so*) ;;
esac
find_compiler leptonica "$platform" "JPEG is decoded by Leptonica's reader, which is slower" "$library"

# Exceptions must not cross libjpeg's frames, and there are none: the library needs no C++ run time. Leptonica's library is
# found by its name, as it has been loaded before.
flags=(-std=c++17 -O2 -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti -Wall -Wextra
  -I"$sources" -I"$headers" -I"$java_home/include" -I"$java_home/include/$jni" -isystem "$preset/include"
  "${link[@]}" "$sources/jpeg.cpp" "${leptonica[0]}" -nodefaultlibs -lc)
written=$(dirname "$headers")/jpeg-$platform.command
command=$(command_of "${flags[@]}")
if is_current "$library" "$written" "$command" "$sources" "$headers" "$preset" "$module"/*.sh "$module/../toolchain.sh"; then
  exit 0
fi
mkdir -p "$output"
"${compiler[@]}" "${flags[@]}" -o "$written.library"
mv "$written.library" "$library"
echo "$command" >"$written"
