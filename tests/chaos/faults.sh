# What is done to the world of `make chaos`. Each fault_* injects for about $hold seconds and leaves
# healing to heal_all; it counts what it did. Crash faults may hit all nodes; what makes a node a
# liar in effect (an old disk, a twin, a clock far off) hits one, and n >= 4 bears one.

declare -A injected
count() { injected[$1]=$((${injected[$1]:-0} + ${2:-1})); note "inject $*"; }

# Subshells have other random numbers: into R, not by substitution.
rand() { R=$((RANDOM * 32768 + RANDOM)); R=$((R % $1)); }
rand_ms() { rand "$2"; printf -v R '%d.%03d' $((($1 + R) / 1000)) $((($1 + R) % 1000)); }
# Some nodes, at least one: into S
rand_nodes() {
	local i
	S=()
	for ((i = 0; i < nodes; i++)); do
		rand 2
		[ "$R" -eq 0 ] || S+=("$i")
	done
	[ ${#S[@]} -gt 0 ] || { rand "$nodes"; S=("$R"); }
}

# The time between two blows, which is what is injected.
pause() { sleep "$1"; }

fault_kill_daemon() {
	local k
	for k in 1 2 3; do
		rand "$nodes"
		signal_pid KILL "$(node_pid "$R")"
		count 'SIGKILL of a daemon'
		rand_ms 200 2000
		pause "$R"
	done
}

fault_kill_enclave() {
	local k
	for k in 1 2 3; do
		rand "$nodes"
		signal_pid KILL "$(enclave_pid "$R")"
		count 'SIGKILL of an enclave alone'
		rand_ms 200 2000
		pause "$R"
	done
}

fault_power_cut() {
	local i
	S=()
	rand 3
	if [ "$R" -eq 0 ]; then
		rand_nodes
	else
		for ((i = 0; i < nodes; i++)); do
			S+=("$i")
		done
	fi
	for i in "${S[@]}"; do
		touch "$scratch/run/hold-$i"
		signal_pid KILL "$(node_pid "$i")"
	done
	for i in "${S[@]}"; do
		node_hold "$i"
		[ -z "$disks" ] || disk_power_cut "$i"
	done
	count "power cut$([ -n "$disks" ] && echo ', what was not synced is lost') (nodes)" ${#S[@]}
	note "power cut of ${S[*]}"
	rand_ms 100 2000
	pause "$R"
}

fault_stop_storm() {
	local k i pid
	for k in 1 2 3 4 5; do
		rand_nodes
		for i in "${S[@]}"; do
			rand 3
			pid=
			[ "$R" -eq 1 ] || pid=$(node_pid "$i")
			[ "$R" -eq 0 ] || pid="$pid $(enclave_pid "$i")"
			for pid in $pid; do
				signal_pid STOP "$pid"
				count 'SIGSTOP of a process'
			done
		done
		rand_ms 300 2500
		pause "$R"
		continue_all
	done
}

continue_all() {
	local i
	for ((i = 0; i < nodes; i++)); do
		signal_pid CONT "$(node_pid "$i")"
		signal_pid CONT "$(enclave_pid "$i")"
	done
}

fault_bad_network() {
	rand 4
	wire set '*' '*' delay $((1000 + R * 15000)) jitter $((2000 + R * 15000)) loss $((100 + R * 300)) \
		dup $((50 + R * 100)) reorder $((100 + R * 200))
	count 'delay, jitter, loss, duplicates and reordering everywhere'
	pause "$hold"
}

fault_partition() {
	local a=() b=() i
	for ((i = 0; i < nodes; i++)); do
		rand 2
		if [ "$R" -eq 0 ]; then a+=("$i"); else b+=("$i"); fi
	done
	[ ${#a[@]} -gt 0 ] || { a=("${b[0]}"); b=("${b[@]:1}"); }
	[ ${#b[@]} -gt 0 ] || { b=("${a[0]}"); a=("${a[@]:1}"); }
	a=$(IFS=,; echo "${a[*]}") b=$(IFS=,; echo "${b[*]}")
	wire set "$a" "$b" cut 1
	wire set "$b" "$a" cut 1
	count 'partition'
	note "partition $a | $b"
	pause "$hold"
}

fault_one_way() {
	local k from to
	for k in 1 2 3; do
		rand "$nodes"
		from=$R
		rand $((nodes - 1))
		to=$(((from + 1 + R) % nodes))
		wire set "$from" "$to" cut 1
		count 'one-way cut'
	done
	pause "$hold"
}

fault_full_disk() {
	local i left
	[ -n "$disks" ] || return 0
	rand_nodes
	for i in "${S[@]}"; do
		left=$(df --output=avail -B1 "$scratch/node-$i" | tail -n 1)
		rand 2
		# Below the limit, at which it stops voting; or to the last block.
		[ "$R" -eq 0 ] && left=$((left - 30000000))
		# What the node takes meanwhile is not there for us.
		until [ "$left" -le 0 ] || fallocate -l "$left" "$scratch/node-$i/fill" 2> /dev/null; do
			left=$((left - 262144))
		done
		[ "$R" -eq 0 ] && count 'disk nearly full' || count 'disk full to the last block'
	done
	pause "$hold"
}

fault_bad_disk() {
	local k kinds=(eio-write eio-sync enospc torn) kind i
	for k in 1 2 3; do
		rand 4
		kind=${kinds[R]}
		rand "$nodes"
		i=$R
		rand 12
		shim "$i" 0 "$kind" $((R + 1))
		note "disk of $i: $kind at call $((R + 1))"
		rand_ms 500 2000
		pause "$R"
	done
}

fault_clock() {
	local i sign
	rand 3
	if [ "$R" -eq 0 ]; then
		for ((i = 0; i < nodes; i++)); do
			rand 600
			shim "$i" $((R - 300)) none 0
		done
		count 'clocks of all up to 300 ms off'
	else
		rand 2
		sign=$((R * 2 - 1))
		rand 30000
		i=$R
		rand "$nodes"
		shim "$R" $((sign * (1000 + i))) none 0
		count 'clock of one node jumps by 1 to 31 s'
		note "clock of $R: $((sign * (1000 + i))) ms"
	fi
	pause "$hold"
}

fault_rollback() {
	local i
	rand "$nodes"
	i=$R
	# A copy of now, for this time or a later one.
	if [ ! -e "$scratch/old-$i" ]; then
		node_hold "$i"
		cp -a "$scratch/node-$i/data" "$scratch/old-$i"
		touch "$scratch/old-$i"
		node_release "$i"
	fi
	pause "$hold"
	node_hold "$i"
	rm -rf "$scratch/node-$i/data"
	cp -a "$scratch/old-$i" "$scratch/node-$i/data"
	sync -f "$scratch/node-$i/data"
	count 'an old data directory copied back'
	note "rollback of $i by $(($(date +%s) - $(stat -c %Y "$scratch/old-$i"))) s"
	rand 2
	[ "$R" -eq 0 ] || rm -rf "$scratch/old-$i"
	node_release "$i"
	pause 2
}

# A second copy with the same keys and address; some members see the one, the rest the other.
fault_twin() {
	local i k others=()
	[ ! -e "$scratch/run/keep-$guest" ] || fault_leave
	rand "$nodes"
	i=$R
	node_hold "$i"
	cp -a "$scratch/node-$i/data" "$scratch/twin"
	address_set "$prefix-$((nodes + 1))" "$i"
	for ((k = 0; k < nodes; k++)); do
		rand 2
		[ "$k" -eq "$i" ] || [ "$R" -eq 0 ] || others+=("$k")
	done
	[ ${#others[@]} -gt 0 ] || others=($(((i + 1) % nodes)))
	wire twin "$i" $((nodes + 1)) "$(IFS=,; echo "${others[*]}")"
	node_release "$i"
	(daemon_exec $((nodes + 1)) "$scratch/twin" "$scratch/run/shim-$i" "$bin/strongroomd" \
		>> "$scratch/log-twin" 2>&1 < /dev/null) &
	twin_pid=$!
	count 'a second copy of a node'
	note "twin of $i, seen by ${others[*]}"
	pause "$hold"
}

twin_end() {
	[ -n "${twin_pid:-}" ] || return 0
	signal_pid KILL "$twin_pid"
	wait "$twin_pid" 2> /dev/null
	twin_pid=
	wire untwin
	rm -rf "$scratch/twin"
}

# The same directory a second time must be refused, at once and whatever the first one does.
fault_same_directory() {
	local i rc
	rand "$nodes"
	i=$R
	until_true 5 test -e "$scratch/run/pid-$i"
	(daemon_exec $((nodes + 1)) "$scratch/node-$i/data" "$scratch/run/shim-$i" "$bin/strongroomd" \
		> "$scratch/second" 2>&1 < /dev/null) &
	rc=$!
	(sleep 5 && kill -9 "$rc" 2> /dev/null) &
	wait "$rc"
	rc=$?
	count 'a second process on one data directory'
	if [ $rc -eq 0 ] || [ $rc -ge 128 ] || ! grep -q 'is in use by process' "$scratch/second"; then
		violate "a second process on node $i's directory was not refused (exit $rc): $(tail -n 1 "$scratch/second")"
	fi
}

# One after the other, in order, each to the other version; the enclaves stay as they are (another
# build would have another measurement, which the genesis does not list).
fault_rolling_restart() {
	local i pid
	for ((i = 0; i < nodes; i++)); do
		if [ "$(readlink "$scratch/run/program-$i")" = "$bin/strongroomd" ]; then
			ln -sfn "$bin/next/strongroomd" "$scratch/run/program-$i"
		else
			ln -sfn "$bin/strongroomd" "$scratch/run/program-$i"
		fi
		pid=$(node_pid "$i")
		signal_pid TERM "$pid"
		until_true 15 restarted "$i" "$pid" || violate "node $i did not stop in order"
		count 'restart in order with another version of the daemon'
		rand_ms 500 1500
		pause "$R"
		# Half-way through both versions are at work together.
		rand 4
		[ "$R" -ne 0 ] || break
	done
}
restarted() { [ -n "$(node_pid "$1")" ] && [ "$(node_pid "$1")" != "$2" ]; }

# --- the roster --- by the command line, while people go on; half of the time something falls meanwhile

operator() { # command...: as an operator at the clients' place
	inside "$nodes" "$bin/strongroom" "$@" >> "$scratch/roster.log" 2>&1 < /dev/null
}
members() {
	inside "$nodes" "$bin/strongroom" node list --json 2>> "$scratch/roster.log" < /dev/null |
		jq -r '.members[].name'
}
guest_in() { members | grep -qx "guest-$guests"; }
guest_out() { [ -n "$(members)" ] && ! guest_in; }
# Copies of before another epoch have no share of it: no node of the world goes back to them.
copies_forget() { rm -rf "$scratch"/old-*; }
blow() {
	rand 2
	[ "$R" -ne 0 ] || return 0
	rand_ms 100 1500
	pause "$R"
	rand "$nodes"
	signal_pid KILL "$(node_pid "$R")"
	count 'SIGKILL of a daemon while the roster changes'
}
no_twin_yet() { case " $done_faults " in *' twin '*) return 1 ;; esac; }

fault_refresh() {
	local pid
	rand "$nodes"
	copies_forget
	operator node refresh "$scratch/cluster/node-$R" --timeout 120 &
	pid=$!
	blow
	wait $pid || violate "a refresh failed: $(tail -n 1 "$scratch/roster.log")"
	count 'refresh of all shares on demand'
}

fault_join() {
	no_twin_yet || return 0
	[ ! -e "$scratch/run/keep-$guest" ] || fault_leave
	guests=$((guests + 1))
	copies_forget
	guest_make >> "$scratch/roster.log" 2>&1 < /dev/null || { violate "a node could not ask to join: $(tail -n 1 "$scratch/roster.log")"; return; }
	blow
	until_true 120 guest_in || violate "guest-$guests did not become a member"
	count 'a node joined'
}

# Its process ends by itself, and its keys are wiped.
guest_end() {
	until_true 90 grep -q 'its keys are wiped' "$scratch/log-$guest" || violate "guest-$guests does not know that it is out"
	rm -f "$scratch/run/keep-$guest" "$scratch/run/look-$guest" "$scratch/run/hold-$guest"
	signal_pid KILL "$(node_pid "$guest")"
	until_true 10 test ! -e "$scratch/run/pid-$guest"
}

fault_leave() {
	no_twin_yet || return 0
	[ -e "$scratch/run/keep-$guest" ] || fault_join
	copies_forget
	operator node leave "$scratch/node-$guest/data" --no-wait || violate "leaving was refused: $(tail -n 1 "$scratch/roster.log")"
	blow
	until_true 120 guest_out || violate "guest-$guests is still a member"
	guest_end
	count 'a node left'
}

fault_evict() {
	no_twin_yet || return 0
	[ -e "$scratch/run/keep-$guest" ] || fault_join
	copies_forget
	node_hold "$guest"
	until_true 120 guest_out || violate "guest-$guests is silent and still a member"
	count 'a node voted out for silence, after SIGKILL'
	node_release "$guest"
	guest_end
}

heal_all() {
	local i
	note heal
	wire clear
	twin_end
	continue_all
	for ((i = 0; i < nodes; i++)); do
		rm -f "$scratch/node-$i/fill"
		shim "$i" 0 none 0
		node_release "$i"
	done
}
