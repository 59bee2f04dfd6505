#!/bin/bash
# make chaos MINUTES=5 [NODES=4] [SEED=N] [FAULTS='kill_daemon partition ...']: real processes in network
# namespaces on a wire and on disks that fail, people who go on using them, and a checker of all they saw.
# Exit 0: no violation; 1: one, what is needed to look at it is kept; 77: it could not run here.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
BIN=${BIN:-$root/build/gcc/bin}
case $BIN in /*) ;; *) BIN=$root/$BIN ;; esac
CHAOS=$(dirname "$BIN")/chaos
nodes=${NODES:-4} seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
seconds=$(awk -v m="${MINUTES:-5}" 'BEGIN { printf "%d", m * 60 }')
guest=$((nodes + 2)) guests=0
heal_limit_ms=${HEAL_LIMIT_MS:-10000} catch_up_limit_ms=60000
. "$root/tests/chaos/world.sh"
. "$root/tests/chaos/faults.sh"

all_faults='kill_daemon partition bad_disk kill_enclave twin stop_storm one_way rollback full_disk clock
	same_directory bad_network power_cut rolling_restart join leave refresh evict'
faults=${FAULTS:-$all_faults}
[ "$nodes" -ge 4 ] || { echo 'NODES: 4 or more, or no node may lie'; exit 2; }
[ "$seconds" -gt 0 ] || { echo 'MINUTES: more than 0'; exit 2; }
clean_after_dead
rights_check
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
mkdir "$scratch" "$scratch/run" "$scratch/work" || exit 1
: > "$scratch/schedule"
# Copies: a build meanwhile would change what is measured.
bin=$scratch/bin
mkdir -p "$bin/next"
cp "$BIN/strongroom" "$BIN/strongroomd" "$BIN/strongroom-enclave" "$bin/" && cp "$CHAOS/next/strongroomd" "$bin/next/" || exit 1
chmod 755 "$scratch" "$bin"
disks=yes
violations=0 heals=0 heals_bad=0
recoveries=()

violate() {
	violations=$((violations + 1))
	note "VIOLATION $*"
	echo "VIOLATION: $*"
}

# How long from now until a new operation is acknowledged and every node has a new final block. A node whose
# disk was set back by minutes has to fetch and execute them: it has longer, the operation has not.
recovery_measure() { # after what
	local out rc block op worst all_limit_ms=$heal_limit_ms
	[ "$1" = rollback ] && all_limit_ms=$catch_up_limit_ms
	out=$(inside "$nodes" "$CHAOS/load" recover "$scratch/cluster" "$scratch/work" 60000 2>> "$scratch/load.log")
	rc=$?
	read -r _ block _ op <<< "$out"
	worst=$((${block:-0} > ${op:-0} ? ${block:-0} : ${op:-0}))
	heals=$((heals + 1))
	note "recovered after $1: $out"
	[ $rc -eq 0 ] && recoveries+=("$worst")
	printf '%4d s  %-18s back after %6s ms (block on all %s, operation %s)\n' "$SECONDS" "$1" \
		"$([ $rc -eq 0 ] && echo "$worst" || echo never)" "${block:-?}" "${op:-?}"
	if [ $rc -ne 0 ] || [ "${op:-0}" -gt "$heal_limit_ms" ] || [ "${block:-0}" -gt "$all_limit_ms" ]; then
		heals_bad=$((heals_bad + 1))
		violate "after $1 it took ${worst} ms (limits $heal_limit_ms, all nodes $all_limit_ms)"
	fi
}

look_check() {
	local i
	for ((i = 0; i < nodes; i++)); do
		if [ -e "$scratch/run/look-$i" ]; then
			violate "node $i asks for a person: $(grep -v '^--' "$scratch/log-$i" | tail -n 1)"
			# Whoever looks wants to see what it saw.
			[ -e "$scratch/data-$i" ] || cp -a "$scratch/node-$i/data" "$scratch/data-$i"
			rm -f "$scratch/run/look-$i"
		fi
	done
}

# A twin is a member that lies, which goes with the next change of the roster that may remove it: from then on none is
# made here but of the shares.
plan_twin_last() {
	local i rest=() twin=()
	for i in "${plan[@]}"; do
		if [ "$i" = twin ]; then twin=(twin); else rest+=("$i"); fi
	done
	plan=(${rest[@]+"${rest[@]}"} ${twin[@]+"${twin[@]}"})
}

shuffle() { # words: into the array plan
	local i j swap
	plan=("$@")
	for ((i = ${#plan[@]} - 1; i > 0; i--)); do
		rand $((i + 1))
		j=$R swap=${plan[i]}
		plan[i]=${plan[j]}
		plan[j]=$swap
	done
}

keep_evidence() {
	kept=${CHAOS_KEEP:-$CHAOS/failed-$seed}
	rm -rf "$kept"
	mkdir -p "$kept"
	cp -a "$scratch"/data-* "$kept/" 2> /dev/null
	cp "$scratch/history" "$scratch/schedule" "$scratch"/log-* "$scratch/load.log" "$scratch/wire.out" "$kept/" 2> /dev/null
	printf 'kept: %s\nagain: %s %s\nsame choices: make chaos SEED=%s MINUTES=%s NODES=%s\n' "$kept" \
		"$CHAOS/history" "$kept/history" "$seed" "${MINUTES:-5}" "$nodes"
}

report() {
	local name hits
	echo
	echo "injected (SEED=$seed, $nodes nodes, $((SECONDS - began)) s):"
	for name in "${!injected[@]}"; do
		printf '  %5d  %s\n' "${injected[$name]}" "$name"
	done | sort -k 2
	cat "$scratch"/run/shim-*.hits 2> /dev/null | sort | uniq -c | sed 's/^ *\([0-9]*\) /\1 /' |
		while read -r hits name; do printf '  %5d  disk: %s\n' "$hits" "$name"; done
	sed 's/^/         /' "$scratch/wire.stats" 2> /dev/null
	[ -n "$disks" ] || echo '  NOT INJECTED: full disks (no loop devices here)'
	for name in $all_faults; do
		case " $done_faults " in *" $name "*) ;; *) echo "  NOT INJECTED: $name (no time, or not asked for)" ;; esac
	done
	printf '%s\n' ${recoveries[@]+"${recoveries[@]}"} | sort -n | awk -v bad="$heals_bad" '
		{ t[NR] = $1 }
		END { printf "heals: %d in time, %d not; back after p50 %d ms, max %d ms\n", NR - bad, bad, t[int((NR + 1) / 2)], t[NR] }'
}

# In a function, so that all of it is read before any of it runs.
main() {
	began=$SECONDS
	echo "chaos: $nodes nodes, $seconds s, SEED=$seed"
	cluster_make
	network_make
	nodes_start
	export STRONGROOM_CLUSTER=$scratch/cluster
	inside "$nodes" "$CHAOS/load" recover "$scratch/cluster" "$scratch/work" 60000 > "$scratch/start.out" 2>&1 || {
		echo 'the cluster did not start:'
		tail -n 5 "$scratch"/log-* "$scratch/start.out"
		exit 1
	}
	(exec nsenter --net="/run/netns/$prefix-$nodes" "$CHAOS/load" run "$scratch/cluster" "$scratch/history" \
		"$scratch/work" "$seed" 4 2>> "$scratch/load.log") &
	load_pid=$!
	# Seeded only now: how the world was made has nothing to do with the story.
	RANDOM=$seed
	done_faults= plan=() end=$((SECONDS + seconds))
	while [ $SECONDS -lt $end ] && kill -0 $load_pid 2> /dev/null; do
		# shellcheck disable=SC2086
		[ ${#plan[@]} -gt 0 ] || { shuffle $faults; plan_twin_last; }
		fault=${plan[0]}
		plan=("${plan[@]:1}")
		rand_ms 4000 5000
		hold=$R
		note "fault $fault"
		rand 4
		[ "$R" -ne 0 ] || { wire set '*' '*' delay 5000 jitter 3000 loss 100; count 'a lossy network besides'; }
		"fault_$fault"
		done_faults="$done_faults $fault"
		heal_all
		recovery_measure "$fault"
		look_check
		rand_ms 1000 2000
		pause "$R"
	done
	kill -0 $load_pid 2> /dev/null || violate "the load ended: $(tail -n 1 "$scratch/load.log")"
	echo 'reading everything back from every node'
	kill -USR1 $load_pid 2> /dev/null
	wait $load_pid || violate 'the load failed'
	load_pid=
	wire stats
	report
	echo
	"$CHAOS/history" "$scratch/history" || violations=$((violations + 1))
	if [ $violations -gt 0 ]; then
		keep_evidence
		echo "0 passed, $violations failed, 0 skipped"
		exit 1
	fi
	echo "1 passed, 0 failed, 0 skipped"
}

main
