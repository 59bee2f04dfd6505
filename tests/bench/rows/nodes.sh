# Throughput and latency against the number of nodes, all of them on this machine: every node checks every signature, so
# what one node costs is paid as often as there are nodes. nodes.cpu is that cost: the processor time of a daemon and its
# enclave for one operation, while there are many.
. "$(dirname "$0")/../lib.sh"
NODES=${NODES:-4 7 10}
[ -z "$LARGE" ] || NODES="$NODES 22"
CLIENTS=${CLIENTS:-128}
final() { strongroom status --json | jq -er .operations_final || die 'no status'; }
all_ticks() {
	local i sum=0
	for i in $(seq 0 $((n - 1))); do sum=$((sum + $(cpu_ticks "$i"))); done
	echo "$sum"
}
hertz=$(getconf CLK_TCK)
for n in $NODES; do
	new_or_die "$n"
	cpu=
	for _ in $(seq "$RUNS"); do
		ops=$(final) || exit 1
		ticks=$(all_ticks)
		loaded "busy-$n" mint "$c" "$CLIENTS" 0 1 2
		ticks=$(($(all_ticks) - ticks)) ops=$(($(final) - ops))
		cpu="$cpu $(awk "BEGIN { printf \"%.1f\", 1e6 * $ticks / $hertz / $n / $ops }")"
		loaded "one-$n" mint "$c" 1 0 0.5 1
	done
	# shellcheck disable=SC2046,SC2086
	{
		figure nodes.cpu 'us an operation' lower nodes="$n" clients="$CLIENTS" -- $cpu
		figure nodes.throughput op/s higher nodes="$n" clients="$CLIENTS" -- $(measured per_s "busy-$n")
		figure nodes.p50 ms lower nodes="$n" clients=1 -- $(measured p50_ms "one-$n")
		figure nodes.memory MiB lower nodes="$n" -- $(for i in $(seq 0 $((n - 1))); do memory_mib "$i" && echo; done)
	}
	drop_cluster
done
