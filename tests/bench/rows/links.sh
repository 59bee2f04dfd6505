# Distance: four nodes, each in a network namespace of its own, on links that take so many milliseconds ONE WAY (a round
# trip takes twice that; DELAYS). The clients are beside the nodes: what is slow is the members' agreement, not the way to it.
# Operations a second of many clients, and submit to finality at a low rate; responsive, and slots of 300 ms. Then what the
# nodes send each other. The links are chaos's wire, not netem (decision 0008): one process that forwards frames, which costs
# some of this machine's processor; 0 ms, through the same wire, is what the others are to be compared with.
. "$(dirname "$0")/../lib.sh"
DELAYS=${DELAYS:-0 50 100} NODES=${NODES:-4} CLIENTS=${CLIENTS:-128} RATE=${RATE:-40} MODES=${MODES:-responsive slots}
# Three runs, or the row would take as long as a third of all others.
runs=$([ -n "$LARGE" ] || [ "$RUNS" -lt 3 ] && echo "$RUNS" || echo 3)
prefix=srlinks-$$ WIRE=${WIRE:-$(dirname "$BIN")/chaos/wire} wire_pid=
. "$root/tests/chaos/net.sh"
links_clean_up() {
	local rc=$?
	net_end
	(exit "$rc")
	clean_up
}
net_clean_after_dead srlinks links.sh
lacks=$(net_lacks)
[ -n "$lacks" ] || [ -x "$WIRE" ] || lacks="the program $WIRE (make bench-programs)"
[ -z "$lacks" ] || {
	note "NOT MEASURED: links, which need $lacks"
	exit 0
}
cp "$WIRE" "$scratch/bin/wire" && WIRE=$scratch/bin/wire || exit 1

# The hosts of the nodes and, behind them, of the clients; nobody is far away yet.
net_up() {
	trap links_clean_up EXIT
	net_make $((NODES + 1)) 1 || { cat "$scratch/wire.out" >&2; die 'the wire'; }
	for i in $(seq 0 "$NODES"); do address_set "$prefix-$i" "$i"; done
}
members=$(seq -s, 0 $((NODES - 1)))
far() { wire set "$members" "$members" delay $(($1 * 1000)); } # MS
outside() { inside "$NODES" "$@"; }
links_cluster() { # SLOT_MIN_MS
	strongroom cluster init "$c" --nodes "$NODES" --base-port 7000 --slot-ms 300 --slot-min-ms "$1" \
		--hosts "$(for i in $(seq 0 $((NODES - 1))); do ip_of "$i"; done | paste -sd,)" > init.out 2>&1 ||
		{ cat init.out >&2; die 'cluster init'; }
	for i in $(seq 0 $((NODES - 1))); do
		inside "$i" strongroom cluster start "$c" --node "$i" --no-wait > start.out 2>&1 || { cat start.out >&2; die "node $i"; }
	done
	outside strongroom cluster start "$c" --timeout 120 > start.out 2>&1 || { cat start.out >&2; die 'cluster start'; }
}
# loaded runs `load`: here it runs where the clients are.
load() { outside "$scratch/bin/load" "$@"; }

# All bytes that nodes sent each other, with the frames' headers: what they sent less what came to the clients.
column() { inside "$1" awk -v c="$2" '/sr0:/ { sub(/.*:/, ""); print $c }' /proc/net/dev; } # PORT, 1 received, 9 sent
between_nodes() {
	local i sum=0
	for i in $(seq 0 $((NODES - 1))); do sum=$((sum + $(column "$i" 9))); done
	echo $((sum - $(column "$NODES" 1)))
}
# Frames that the wire had no room for. At first there are some: devices that are not up yet.
overflowed() {
	rm -f "$scratch/wire.stats"
	wire stats
	until_true 5 test -s "$scratch/wire.stats" && sed -n 's/.*overflowed //p' "$scratch/wire.stats"
}
final_height() { outside strongroom status --json | jq .final_height; }
blocks_passed() { [ "$(final_height)" -ge $((height + $1)) ]; } # HOW_MANY
per() { awk "BEGIN { printf \"%.1f\", $1 / $2 }"; } # BYTES BY

net_up
full=0
for mode in $MODES; do
	links_cluster "$([ "$mode" = slots ] && echo 300 || echo 20)"
	[ "$full" -ne 0 ] || full=$(overflowed)
	for ms in $DELAYS; do
		far "$ms"
		# Timers learn how far away everybody is.
		load mint "$c" 8 20 0 1 > /dev/null 2>&1 || die "nothing is final with $ms ms"
		for _ in $(seq "$runs"); do
			loaded "busy-$mode-$ms" mint "$c" "$CLIENTS" 0 0.5 1.5
			loaded "slow-$mode-$ms" mint "$c" 64 "$RATE" 0 1.2
		done
		# shellcheck disable=SC2046
		{
			figure "links.$mode.throughput" op/s higher one_way_ms="$ms" nodes="$NODES" clients="$CLIENTS" -- $(
				measured per_s "busy-$mode-$ms")
			figure "links.$mode.p50" ms lower one_way_ms="$ms" nodes="$NODES" rate="$RATE" -- $(measured p50_ms "slow-$mode-$ms")
			figure "links.$mode.p99" ms lower one_way_ms="$ms" nodes="$NODES" rate="$RATE" -- $(measured p99_ms "slow-$mode-$ms")
		}
	done
	[ "$mode" = responsive ] || { drop_cluster; continue; }
	# What idling, and what an operation, makes nodes send: no delay, so that much is done meanwhile.
	far 0
	idle= each=
	for _ in $(seq $((runs < 2 ? runs : 2))); do
		before=$(between_nodes) from=$(now_us) height=$(final_height)
		until_true 30 blocks_passed 4 || die 'no blocks'
		idle="$idle $(per $(($(between_nodes) - before)) "($NODES * $((($(now_us) - from) / 1000)))")"
		before=$(between_nodes)
		rm -f bytes
		loaded bytes mint "$c" "$CLIENTS" 0 0 1
		each="$each $(per $(($(between_nodes) - before)) "($(jq .good bytes) * $NODES)")"
	done
	# shellcheck disable=SC2086
	{
		figure links.idle kB/s lower nodes="$NODES" -- $idle
		figure links.bytes B lower nodes="$NODES" clients="$CLIENTS" -- $each
	}
	drop_cluster
done
full=$(($(overflowed) - full))
[ "$full" -eq 0 ] || note "links: the wire had no room for $full frames, which came again"
