# Throughput and latency against load: clients with one operation each under way, from one to as many as there are. All
# loads in turn, so that a slow minute of the machine falls on each of them.
. "$(dirname "$0")/../lib.sh"
LADDER=${LADDER:-1 8 32 128 256}
[ -z "$LARGE" ] || LADDER="$LADDER 512 1000"
new_or_die 4
for _ in $(seq "$RUNS"); do
	for n in $LADDER; do loaded "clients-$n" mint "$c" "$n" 0 1 2; done
done
for n in $LADDER; do
	# shellcheck disable=SC2046
	{
		figure load.throughput op/s higher clients="$n" -- $(measured per_s "clients-$n")
		figure load.p50 ms lower clients="$n" -- $(measured p50_ms "clients-$n")
		figure load.p99 ms lower clients="$n" -- $(measured p99_ms "clients-$n")
	}
done
