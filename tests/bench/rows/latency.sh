# Submit to finality at a rate: slots of 300 ms, and responsive (the next block as soon as there is work, 20 ms at
# least). An operation's time runs from when it was due. A rate that the cluster does not reach shows as seconds.
. "$(dirname "$0")/../lib.sh"
RATES=${RATES:-1000}
[ -z "$LARGE" ] || RATES="250 500 1000 2000"
for mode in slots responsive; do
	new_or_die 4 --slot-ms 300 --slot-min-ms "$([ $mode = slots ] && echo 300 || echo 10)"
	for rate in $RATES; do
		for _ in $(seq "$RUNS"); do
			loaded "$mode-$rate" mint "$c" $((rate * 4 / 5)) "$rate" 3 "$SECONDS_EACH"
		done
		# shellcheck disable=SC2046
		{
			figure "latency.$mode.p50" ms lower rate="$rate" -- $(measured p50_ms "$mode-$rate")
			figure "latency.$mode.p99" ms lower rate="$rate" -- $(measured p99_ms "$mode-$rate")
			figure "latency.$mode.reached" op/s higher rate="$rate" -- $(measured per_s "$mode-$rate")
		}
	done
	drop_cluster
done
