# The world of `make chaos`: a network namespace and a small disk for each node, the wire between
# them (net.sh), and an end that leaves nothing. Sourced by chaos.sh.

prefix=srchaos-$$
scratch=${TMPDIR:-/tmp}/strongroom-chaos-$$
main_pid=$$
WIRE=$CHAOS/wire
. "$root/tests/chaos/net.sh"

skip() {
	printf 'SKIPPED: make chaos needs %s; nothing was tested\n' "$1"
	exit 77
}

# --- what an earlier run left behind that could not clean up: only where its shell is dead ---

scratch_remove() { # directory
	local at
	awk -v d="$1/" 'index($2, d) == 1 { print $2 }' /proc/mounts | while read -r at; do
		umount "$at" || umount -l "$at"
	done
	rm -rf "$1"
}

clean_after_dead() {
	local dir
	net_clean_after_dead srchaos chaos.sh
	for dir in "${TMPDIR:-/tmp}"/strongroom-chaos-[0-9]*; do
		[ -d "$dir" ] && ! runs_script "${dir##*-}" chaos.sh && scratch_remove "$dir"
	done
}

clean_up() {
	local rc=$? i
	trap - EXIT INT TERM HUP
	rm -f "$scratch"/run/keep-*
	for i in ${load_pid:-} ${keeper_pids[@]+"${keeper_pids[@]}"}; do
		kill "$i" 2> /dev/null
	done
	net_end
	wait 2> /dev/null
	scratch_remove "$scratch"
	exit "$rc"
}

# --- rights ---

rights_check() {
	local lacks
	lacks=$(net_lacks)
	[ -z "$lacks" ] || skip "$lacks"
}

# A file as a disk, mounted. Without loop devices a directory: full disks are then not injected.
disk_make() { # number
	local image=$scratch/disk-$1.img
	mkdir "$scratch/node-$1"
	truncate -s 512M "$image"
	mkfs.ext4 -q -F -m 0 "$image" > /dev/null 2>&1 && mount -o loop "$image" "$scratch/node-$1" 2> /dev/null ||
		disks=
}

# What a power cut leaves: the image without what the file system still has in memory. The node is
# down meanwhile.
disk_power_cut() { # number
	cp --sparse=always "$scratch/disk-$1.img" "$scratch/disk-$1.cut" &&
		until_true 10 umount "$scratch/node-$1" 2> /dev/null &&
		mv "$scratch/disk-$1.cut" "$scratch/disk-$1.img" &&
		mount -o loop "$scratch/disk-$1.img" "$scratch/node-$1" ||
		violate "the disk of node $1 did not come back after a power cut"
}

# --- the network: ports 0 to n-1 are nodes, n the clients, n+1 a twin, n+2 a node that comes and goes ---

network_make() {
	local i
	net_make $((nodes + 3)) "$seed" || { cat "$scratch/wire.out"; exit 1; }
	for ((i = 0; i <= nodes; i++)); do
		address_set "$prefix-$i" "$i"
	done
	address_set "$prefix-$guest" "$guest"
	wire set '*' '*' delay 300 jitter 200
	wire base
}

# until SECONDS COMMAND...: polls
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# --- the nodes ---

cluster_make() {
	local i hosts=()
	for ((i = 0; i < nodes; i++)); do
		hosts+=("$(ip_of "$i")")
	done
	# Anyone may come, shares are dealt anew as often as somebody asks, and who is silent goes soon.
	echo '{ "operators_open": true, "refresh_min": "0s", "silence": "20s" }' > "$scratch/policy.json"
	"$bin/strongroom" cluster init "$scratch/cluster" --policy "$scratch/policy.json" --nodes "$nodes" --base-port 7000 \
		--hosts "$(IFS=,; echo "${hosts[*]}")" > "$scratch/init.out" 2>&1 || { cat "$scratch/init.out"; exit 1; }
	mkdir "$scratch/node-$guest"
	for ((i = 0; i < nodes; i++)); do
		disk_make "$i"
		mkdir "$scratch/node-$i/data"
		cp "$scratch/cluster/node-$i"/* "$scratch/node-$i/data/"
		sed -i "s|^genesis:.*|genesis: $scratch/cluster/genesis|" "$scratch/node-$i/data/strongroomd.yaml"
		printf 'free_space_min_bytes: 64M\nenclave_program: %s\n' "$bin/strongroom-enclave" \
			>> "$scratch/node-$i/data/strongroomd.yaml"
		sync -f "$scratch/node-$i/data"
		ln -s "$bin/strongroomd" "$scratch/run/program-$i"
		shim "$i" 0 none 0
	done
}

# The node that comes and goes: made anew each time, as no identity comes twice.
guest_make() {
	local at
	at=$(ip_of "$guest")
	rm -rf "$scratch/node-$guest/data"
	inside "$nodes" "$bin/strongroom" node init "$scratch/node-$guest/data" --genesis "$scratch/cluster/genesis" \
		--url "https://$at:7000" --link "tcp://$at:7001" --name "guest-$guests" || return 1
	# It is told where the trail is, and asks to join; it starts when that is written.
	inside "$nodes" "$bin/strongroom" node join "$scratch/node-$guest/data" --via "$scratch/cluster" --no-start ||
		return 1
	printf 'free_space_min_bytes: 64M\nenclave_program: %s\n' "$bin/strongroom-enclave" \
		>> "$scratch/node-$guest/data/strongroomd.yaml"
	sync -f "$scratch/node-$guest/data"
	ln -sfn "$bin/strongroomd" "$scratch/run/program-$guest"
	shim "$guest" 0 none 0
	rm -f "$scratch/run/look-$guest" "$scratch/run/hold-$guest"
	: > "$scratch/log-$guest"
	touch "$scratch/run/keep-$guest"
	keeper "$guest" &
	keeper_pids+=($!)
}

shim_seq=0
# What the shim does to a node: clock offset in ms, fault, at which call. In place, in one write.
shim() {
	shim_seq=$((shim_seq + 1))
	printf '%-60s\n' "$shim_seq $2 $3 $4" 1<> "$scratch/run/shim-$1"
}

# Becomes the daemon of a node: port, data directory, shim file
daemon_exec() {
	exec nsenter --net="/run/netns/$prefix-$1" env -i PATH="$PATH" LD_PRELOAD="$CHAOS/shim.so" \
		SRCHAOS_SHIM="$3" "$4" --config "$2/strongroomd.yaml"
}

# As an init system would: starts it again whenever it ends, unless it asks for a person.
keeper() { # node
	local i=$1 rc pid
	exec >> "$scratch/log-$i" 2>&1 < /dev/null
	trap - EXIT INT TERM HUP
	while [ -e "$scratch/run/keep-$i" ] && kill -0 "$main_pid" 2> /dev/null; do
		if [ -e "$scratch/run/hold-$i" ] || [ -e "$scratch/run/look-$i" ]; then
			sleep 0.1
			continue
		fi
		(daemon_exec "$i" "$scratch/node-$i/data" "$scratch/run/shim-$i" \
			"$(readlink "$scratch/run/program-$i")") &
		pid=$!
		echo "$pid" > "$scratch/run/pid-$i"
		wait "$pid" 2> /dev/null
		rc=$?
		rm -f "$scratch/run/pid-$i"
		echo "-- ended with $rc --"
		note "node $i ended with $rc"
		[ $rc -ne 78 ] || touch "$scratch/run/look-$i"
		sleep 0.2
	done
}

node_pid() { cat "$scratch/run/pid-$1" 2> /dev/null; }
enclave_pid() {
	local pid
	pid=$(node_pid "$1")
	[ -n "$pid" ] && tr -d ' ' 2> /dev/null < "/proc/$pid/task/$pid/children"
}

signal_pid() { # signal, pid: it may be gone
	[ -z "$2" ] || kill "-$1" "$2" 2> /dev/null
	return 0
}

# Down, and stays so until node_release.
node_hold() {
	touch "$scratch/run/hold-$1"
	signal_pid CONT "$(node_pid "$1")"
	signal_pid KILL "$(node_pid "$1")"
	until_true 10 test ! -e "$scratch/run/pid-$1"
	# The enclave ends when its daemon has; it holds nothing of the disk.
}
node_release() { rm -f "$scratch/run/hold-$1"; }

nodes_start() {
	local i
	keeper_pids=()
	for ((i = 0; i < nodes; i++)); do
		touch "$scratch/run/keep-$i"
		keeper "$i" &
		keeper_pids+=($!)
	done
}

note() { printf '%s %s\n' "$(date +%T.%3N)" "$*" >> "$scratch/schedule"; }
