# Throughput and latency against the number of nodes, all of them on this machine: every node checks every signature, so
# what one node costs is paid as often as there are nodes.
. "$(dirname "$0")/../lib.sh"
NODES=${NODES:-4 7 10}
[ -z "$LARGE" ] || NODES="$NODES 22"
CLIENTS=${CLIENTS:-128}
for n in $NODES; do
	new_or_die "$n"
	for _ in $(seq "$RUNS"); do
		loaded "busy-$n" mint "$c" "$CLIENTS" 0 1 2
		loaded "one-$n" mint "$c" 1 0 0.5 1
	done
	# shellcheck disable=SC2046
	{
		figure nodes.throughput op/s higher nodes="$n" clients="$CLIENTS" -- $(measured per_s "busy-$n")
		figure nodes.p50 ms lower nodes="$n" clients=1 -- $(measured p50_ms "one-$n")
		figure nodes.memory MiB lower nodes="$n" -- $(for i in $(seq 0 $((n - 1))); do memory_mib "$i" && echo; done)
	}
	drop_cluster
done
