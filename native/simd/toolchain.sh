# What build-library.sh and check-kernels.sh have in common; for them to source.

# The platform of this machine, as Maven calls it.
host_platform() {
  local system machine
  case $(uname -s) in
    Darwin) system=macosx ;;
    *) system=linux ;;
  esac
  case $(uname -m) in
    aarch64 | arm64) machine=arm64 ;;
    *) machine=$(uname -m) ;;
  esac
  echo "$system-$machine"
}

# Sets compiler to the command for a platform. Where there is none, says what that means and what to do, and ends.
# CXX names it, or for linux-arm64 on another machine CXX_ARM64.
find_compiler() {
  local platform=$1 consequence=$2 named candidates remedy candidate
  if [[ $platform == linux-arm64 && $(host_platform) != "$platform" ]]; then
    named=${CXX_ARM64:-} candidates=(aarch64-linux-gnu-g++) remedy='g++-aarch64-linux-gnu, or set CXX_ARM64'
  else
    named=${CXX:-} candidates=(c++ g++ clang++) remedy='g++ or clang++, or set CXX'
  fi
  if [[ -n "$named" ]]; then
    read -r -a compiler <<<"$named"
    return
  fi
  for candidate in "${candidates[@]}"; do
    if command -v "$candidate" >/dev/null; then
      compiler=("$candidate")
      return
    fi
  done
  echo "simd: no C++ compiler for $platform found, so $consequence; install $remedy"
  exit 0
}

# Sets instruction_sets to what the library is compiled for, once the compiler is found: a name and the compiler's options
# each, on one line.
find_instruction_sets() {
  case $1 in
    *-x86_64)
      instruction_sets=('baseline' 'avx2 -mavx2 -mfma -mf16c'
        'avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma -mf16c')
      ;;
    *)
      instruction_sets=('baseline')
      if ! "${compiler[@]}" -dM -E -x c++ /dev/null | grep -q __clang__; then
        # GCC 12 would bring all inputs of a tile together, and then has no register left for some of its sums.
        instruction_sets=('baseline -fno-schedule-insns')
      fi
      ;;
  esac
}
