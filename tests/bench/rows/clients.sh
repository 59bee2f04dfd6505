# Connections that say nothing, to one node, beside clients that are busy with all nodes.
. "$(dirname "$0")/../lib.sh"
IDLE=${IDLE:-$([ -z "$LARGE" ] && echo 500 || echo 10000)}
BUSY=${BUSY:-$([ -z "$LARGE" ] && echo 100 || echo 1000)}
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge $((IDLE + 500)) ] || {
	note "clients: the limit of open files, $(ulimit -Hn), is too low for $IDLE idle connections"
	IDLE=$(($(ulimit -Hn) - 500))
}
new_or_die 4
for i in 0 1 2 3; do
	sed -i '/^clients_max:/d' "$c/node-$i/strongroomd.yaml" && echo 'clients_max: 10000' >> "$c/node-$i/strongroomd.yaml"
done
strongroom cluster stop "$c" > /dev/null && strongroom cluster start "$c" > /dev/null || die 'starting again'
for _ in $(seq "$RUNS"); do loaded without mint "$c" "$BUSY" 0 1 2; done
memory=$(memory_mib 0)
load idle "$c" 1 "$IDLE" > idle.out 2> idle.err &
idle=$!
until_true 300 test -s idle.out || { cat idle.err >&2; die 'idle connections'; }
for _ in $(seq "$RUNS"); do loaded with mint "$c" "$BUSY" 0 1 2; done
memory_with=$(memory_mib 0)
kill "$idle"
wait "$idle" || true
# Held at first, and still at the end: the fewer count.
# shellcheck disable=SC2046
{
	figure clients.held connections higher idle="$IDLE" -- "$(jq -s 'map(.held) | min' idle.out)"
	figure clients.throughput op/s higher idle=0 busy="$BUSY" -- $(measured per_s without)
	figure clients.throughput op/s higher idle="$IDLE" busy="$BUSY" -- $(measured per_s with)
	figure clients.memory MiB lower idle=0 -- "$memory"
	figure clients.memory MiB lower idle="$IDLE" -- "$memory_with"
}
