# Machines on one machine: a network namespace each, and between them the wire (wire.c; decision 0008 says why it is our
# own and not netem), which takes as long as it is told. Sourced by chaos's world.sh and by the benchmark's links.sh.
#
# Wants: prefix (of the namespaces' names, with the pid of who makes them), scratch (a folder), WIRE (the program),
# until_true. Ports count from 0.

# What is missing to do this here, in words; nothing when nothing is.
net_lacks() {
	[ "$(id -u)" -eq 0 ] || { echo 'root (namespaces)'; return; }
	command -v ip > /dev/null && command -v nsenter > /dev/null || { echo 'ip and nsenter (iproute2, util-linux)'; return; }
	ip netns add "$prefix-try" 2> /dev/null || { echo 'the right to make network namespaces'; return; }
	ip netns delete "$prefix-try"
	[ -c /dev/net/tun ] && { : <> /dev/net/tun; } 2> /dev/null || echo /dev/net/tun
}

# What is in our namespaces is ours: by its id, also what was stopped and can't end by itself.
namespace_remove() {
	local pid
	for pid in $(ip netns pids "$1" 2> /dev/null); do
		kill -9 "$pid" 2> /dev/null
	done
	ip netns delete "$1"
}

# Does this process run this script?
runs_script() { tr '\0' ' ' < "/proc/$1/cmdline" 2> /dev/null | grep -qF "$2"; }

# What an earlier run left that could not clean up: only where its shell is dead. NAME (of NAME-PID-PORT) SCRIPT
net_clean_after_dead() {
	local name pid
	for name in $(ip netns list 2> /dev/null | awk -v n="$1" '$1 ~ "^" n "-[0-9]+-" { print $1 }'); do
		pid=${name#"$1"-} pid=${pid%%-*}
		runs_script "$pid" "$2" || namespace_remove "$name"
	done
}

mac_of() { printf '02:77:00:00:00:%02x' "$1"; }
ip_of() { echo "10.77.0.$(($1 + 1))"; }

address_set() { # namespace, port whose address it has
	ip -n "$1" link set lo up
	ip -n "$1" link set sr0 down
	ip -n "$1" addr flush dev sr0
	ip -n "$1" link set sr0 address "$(mac_of "$2")"
	ip -n "$1" addr add "$(ip_of "$2")/24" dev sr0
	ip -n "$1" link set sr0 up
}

wire() { printf '%s\n' "$*" > "$scratch/wire"; }

# So many ports, with nothing of an address yet; SEED of the wire's draws. False: wire.out says why.
net_make() { # PORTS SEED
	local i paths=()
	for ((i = 0; i < $1; i++)); do
		ip netns add "$prefix-$i" || return 1
		paths+=("/run/netns/$prefix-$i")
	done
	mkfifo "$scratch/wire"
	"$WIRE" "$2" "$scratch/wire" "$scratch/wire.stats" "${paths[@]}" > "$scratch/wire.out" 2>&1 &
	wire_pid=$!
	until_true 5 grep -qs ready "$scratch/wire.out"
}

# Namespaces with all that runs in them, then the wire.
net_end() {
	local i
	for i in $(ip netns list 2> /dev/null | awk -v p="$prefix-" 'index($1, p) == 1 { print $1 }'); do
		namespace_remove "$i"
	done
	[ -z "${wire_pid:-}" ] || kill "$wire_pid" 2> /dev/null
}

inside() { # port, command...
	local ns=/run/netns/$prefix-$1
	shift
	nsenter --net="$ns" "$@"
}
