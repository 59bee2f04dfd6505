# The millionth record: memory, throughput and latency against the number of secrets of 1 KiB in the state; then what a
# restart and a joiner cost with the most of them. Memory is taken before the load, whose NFTs are records, too.
. "$(dirname "$0")/../lib.sh"
RECORDS=${RECORDS:-1000 10000 20000}
[ -z "$LARGE" ] || RECORDS="1000 100000 1000000"
CLIENTS=${CLIENTS:-256} BYTES=1024
stored=0
new_or_die 4
for n in $RECORDS; do
	say "storing secrets up to $n"
	load fill "$c" list $((n - stored)) 256 $BYTES >&2 || die "storing $n secrets"
	stored=$n
	# shellcheck disable=SC2046
	figure records.memory MiB lower records="$n" -- $(for i in 0 1 2 3; do memory_mib $i && echo; done)
	for _ in $(seq "$RUNS"); do loaded "busy-$n" mint "$c" "$CLIENTS" 0 1 "$([ -z "$LARGE" ] && echo 2 || echo 10)"; done
	# shellcheck disable=SC2046
	{
		figure records.throughput op/s higher records="$n" clients="$CLIENTS" -- $(measured per_s "busy-$n")
		figure records.p50 ms lower records="$n" clients="$CLIENTS" -- $(measured p50_ms "busy-$n")
		figure records.p99 ms lower records="$n" clients="$CLIENTS" -- $(measured p99_ms "busy-$n")
		figure records.state MiB lower records="$n" -- $(for i in 0 1 2 3; do du -cm "$c/node-$i"/state.* | tail -n 1 | cut -f1; done)
		figure records.disk MiB lower records="$n" -- $(for i in 0 1 2 3; do du -sm "$c/node-$i" | cut -f1; done)
	}
done
restart_s=
for _ in $(seq "$RUNS"); do
	strongroom cluster stop "$c" --node 1 > /dev/null || die 'stopping a node'
	timed strongroom cluster start "$c" --node 1 --timeout 600
	restart_s="$restart_s $(seconds "$took")"
done
# shellcheck disable=SC2086
figure records.restart s lower records="$stored" -- $restart_s
# Once: each joiner changes the roster that the next one meets.
timed strongroom cluster join "$c" --timeout 1800
figure records.join s lower records="$stored" -- "$(seconds "$took")"
