#!/bin/bash
# One line of JSON: the machine, its system, and the versions of all that is measured. Reads, changes nothing.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BIN=${BIN:-$root/build/gcc/bin}
here=${TMPDIR:-/tmp}

# The block device under the scratch directory: its name, and what /sys says of it.
disk() {
	local device sys kind
	device=$(df --output=source "$here" | tail -n 1)
	sys=/sys/class/block/$(basename "$(readlink -f "$device" 2> /dev/null || echo none)")
	[ -e "$sys" ] || { echo "$(df --output=fstype "$here" | tail -n 1) on $device"; return; }
	[ -e "$sys/queue" ] || sys=$(dirname "$(readlink -f "$sys")")
	case $(cat "$sys/queue/rotational" 2> /dev/null) in
	0) kind='does not rotate' ;;
	1) kind='rotates, or says so' ;;
	*) kind='unknown' ;;
	esac
	echo "$(df --output=fstype "$here" | tail -n 1) on $device ($(cat "$sys/device/model" 2> /dev/null | xargs) $kind; write cache: $(
		cat "$sys/queue/write_cache" 2> /dev/null || echo unknown))"
}
version() { # PACKAGE
	dpkg-query -W -f '${Version}' "$1" 2> /dev/null || echo 'not installed'
}
jq -cn --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" --arg cores "$(nproc)" \
	--arg governor "$(cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor 2> /dev/null || echo unknown)" \
	--arg memory "$(awk '/^MemTotal/ { printf "%.1f", $2 / 1048576 }' /proc/meminfo)" \
	--arg kernel "$(uname -srm)" --arg disk "$(disk)" --arg virtual "$(systemd-detect-virt 2> /dev/null || echo unknown)" \
	--arg system "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)" \
	--arg ours "$("$BIN/strongroom" --version 2> /dev/null | head -n 1)" \
	--arg commit "$(git -C "$root" describe --always --dirty 2> /dev/null || echo unknown)" \
	--arg cc "$("${CC:-gcc}" --version | head -n 1)" --arg when "$(date -u +%Y-%m-%dT%H:%MZ)" \
	--arg etcd "$(version etcd-server)" --arg tang "$(version tang)" --arg clevis "$(version clevis)" \
	--arg gfshare "$(version libgfshare-dev)" --arg ssss "$(version ssss)" --arg gnutls "$(version libgnutls30)" \
	--arg gcrypt "$(version libgcrypt20)" --arg sodium "$(version libsodium23)" '{ machine: {
		when: $when, cpu: $cpu, cores: ($cores | tonumber), governor: $governor, memory_gib: ($memory | tonumber),
		virtual: $virtual, kernel: $kernel, system: $system, disk: $disk,
		versions: { strongroom: "\($ours) (\($commit))", compiler: $cc, etcd: $etcd, tang: $tang, clevis: $clevis,
			libgfshare: $gfshare, ssss: $ssss, gnutls: $gnutls, gcrypt: $gcrypt, sodium: $sodium } } }'
