#!/usr/bin/env bash
# Runs a static program of linux-x86_64 under Linux on a processor that Bochs emulates, and ends with its exit code.
# usage: run-in-bochs.sh FOLDER PROCESSOR PROGRAM [ARGUMENT...]
# FOLDER is for what it writes; PROCESSOR is one of `bochs --help cpu`. CLIP4J_BOCHS_KERNEL names a kernel image, without
# it the newest of /boot is taken. Where something is missing it says what, and nothing is run.
set -euo pipefail

folder=$1
processor=$2
program=$3
shift 3
module=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../toolchain.sh
source "$module/../toolchain.sh"

missing() {
  echo "simd: $1 not found, so nothing is run under Bochs; on Debian: apt-get install $2"
  exit 0
}

# The first of some files that is there.
first_of() {
  local file
  for file in "$@"; do
    if [[ -r $file ]]; then
      echo "$file"
      return
    fi
  done
}

command -v bochs >/dev/null || missing bochs 'bochs bochs-term'
command -v xorriso >/dev/null || missing xorriso xorriso
command -v cpio >/dev/null || missing cpio cpio
loader=$(first_of /usr/lib/ISOLINUX/isolinux.bin /usr/share/syslinux/isolinux.bin /usr/lib/syslinux/bios/isolinux.bin)
[[ -n $loader ]] || missing isolinux.bin isolinux
module_of_loader=$(first_of /usr/lib/syslinux/modules/bios/ldlinux.c32 "$(dirname "$loader")/ldlinux.c32")
[[ -n $module_of_loader ]] || missing ldlinux.c32 syslinux-common
kernel=${CLIP4J_BOCHS_KERNEL:-$(find /boot -name 'vmlinuz*' -readable 2>/dev/null | sort -V | tail -n 1 || true)}
[[ -r $kernel ]] || missing 'a kernel that can be read' 'linux-image-cloud-amd64, or name one in CLIP4J_BOCHS_KERNEL'
find_compiler simd linux-x86_64 'nothing is run under Bochs' "$folder/files/init"

rm -rf "$folder"
mkdir -p "$folder/disc" "$folder/files"
"${compiler[@]}" -std=c++17 -O2 -Wall -Wextra -static "$module/src/test/bochs/init.cpp" -o "$folder/files/init"
cp "$program" "$folder/files/program"
if [[ $# -gt 0 ]]; then
  printf '%s\0' "$@"
fi >"$folder/files/arguments"
(cd "$folder/files" && printf '%s\n' init program arguments | cpio --quiet -o -H newc) >"$folder/disc/files"
cp "$kernel" "$folder/disc/kernel"
cp "$loader" "$folder/disc/isolinux.bin"
cp "$module_of_loader" "$folder/disc/ldlinux.c32"

# The kernel must not see some of what Bochs 2.7 offers. Where the sizes of registers' compacted form (321 XSAVEC, 323
# XSAVES) or of protection keys (515 PKU) are told wrongly, it would do without AVX; with fast short copies (580 FSRM) it
# does not come up.
options='console=ttyS0 nokaslr mitigations=off cryptomgr.notests clearcpuid=321,323,515,580'
cat >"$folder/disc/isolinux.cfg" <<CONFIGURATION
default program
prompt 0
label program
  kernel /kernel
  append initrd=/files $options
CONFIGURATION
xorriso -as mkisofs -quiet -o "$folder/disc.iso" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 \
  -boot-info-table "$folder/disc" 2>"$folder/xorriso.log"

# The clock runs with the instructions, not with the time of the machine, which may be busy.
cat >"$folder/bochsrc" <<'CONFIGURATION'
config_interface: textconfig
display_library: term
plugin_ctrl: unmapped=1
romimage: file=$BXSHARE/BIOS-bochs-latest
vgaromimage: file=$BXSHARE/VGABIOS-lgpl-latest
memory: guest=512, host=512
ata0-master: type=cdrom, path=disc.iso, status=inserted
boot: cdrom
clock: sync=none
log: bochs.log
panic: action=fatal
com1: enabled=1, mode=file, dev=console.txt
CONFIGURATION
echo "cpu: model=$processor, count=1, ips=50000000, reset_on_triple_fault=0" >>"$folder/bochsrc"
debugger=()
if [[ "$(bochs --help 2>&1)" == *' -rc '* ]]; then
  # With a debugger, as Debian builds it, it would wait for a command.
  echo continue >"$folder/commands"
  debugger=(-rc commands)
fi
echo "simd: runs $(basename "$program") $* on $processor in Bochs, which takes long; it writes $folder/console.txt"
touch "$folder/console.txt"
(
  cd "$folder"
  TERM=vt100 timeout 2h bochs -q -f bochsrc "${debugger[@]+"${debugger[@]}"}" </dev/null >screen.log 2>&1
) || true

lines=$(tr -d '\r' <"$folder/console.txt" | sed -n '/^init: begin$/,$p')
code=$(sed -n 's/^init: exit code //p' <<<"$lines")
grep -v '^init: ' <<<"$lines" || true
if [[ -z $code ]]; then
  echo "simd: error: the program did not end under Bochs; see console.txt and screen.log in $folder" >&2
  exit 1
fi
exit "$code"
