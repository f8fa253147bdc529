# What the scripts that compile C++ have in common; for them to source.

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

# Sets compiler to the command for a platform. Where there is none, says what that means and what to do, removes a library
# of an earlier build, which would not fit newer classes, and ends.
# CXX names it, or for linux-arm64 on another machine CXX_ARM64.
# usage: find_compiler MODULE PLATFORM CONSEQUENCE LIBRARY
find_compiler() {
  local module=$1 platform=$2 consequence=$3 library=$4 named='' candidates=() remedy candidate
  if [[ $platform == "$(host_platform)" ]]; then
    named=${CXX:-} candidates=(c++ g++ clang++) remedy='g++ or clang++, or set CXX'
  elif [[ $platform == linux-arm64 ]]; then
    named=${CXX_ARM64:-} candidates=(aarch64-linux-gnu-g++) remedy='g++-aarch64-linux-gnu, or set CXX_ARM64'
  else
    remedy='one there: this machine is no '$platform
  fi
  if [[ -n "$named" ]]; then
    read -r -a compiler <<<"$named"
    return
  fi
  for candidate in "${candidates[@]+"${candidates[@]}"}"; do
    if command -v "$candidate" >/dev/null; then
      compiler=("$candidate")
      return
    fi
  done
  rm -f "$library"
  echo "$module: no C++ compiler for $platform found, so $consequence; install $remedy"
  exit 0
}

# True when a library is newer than the files and folders that it is made from, and was made by the same command.
# usage: is_current LIBRARY FILE-WITH-ITS-COMMAND COMMAND FILE...
is_current() {
  local library=$1 written=$2 command=$3
  shift 3
  [[ -f "$library" && -f "$written" && "$(<"$written")" == "$command" &&
    -z "$(find "$@" -type f -newer "$library" -print -quit)" ]]
}

# What a library is made by: the compiler, its version, and its options.
# usage: command_of OPTION...
command_of() {
  echo "${compiler[*]} $("${compiler[@]}" --version) $*"
}

# Sets instruction_sets to what the library is compiled for, once the compiler is found: a name and the compiler's options
# each, on one line.
find_instruction_sets() {
  case $1 in
    *-x86_64)
      local avx2='-mavx2 -mfma -mf16c' avx512='-mavx512f -mavx512bw -mavx512vl -mavx512dq'
      instruction_sets=('baseline' "avx2 $avx2" "avx512 $avx512 $avx2" "avx512vnni $avx512 -mavx512vnni $avx2")
      ;;
    *)
      instruction_sets=('baseline')
      if [[ "$("${compiler[@]}" -dM -E -x c++ /dev/null)" != *__clang__* ]]; then
        # GCC 12 would bring all inputs of a tile together, and then has no register left for some of its sums.
        instruction_sets=('baseline -fno-schedule-insns')
      fi
      ;;
  esac
}
