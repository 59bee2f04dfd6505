# Finalised operations a second, four nodes, every signature checked by every node; etcd with three members in turn with
# them; then the same cluster with one node killed.
. "$(dirname "$0")/../lib.sh"
. "$bench/peers.sh"
CLIENTS=${CLIENTS:-256} ETCD_CLIENTS=100
new_or_die 4
etcd=
if command -v etcd > /dev/null; then etcd=yes && etcd_start; else missing 'etcd with three members' etcd-server; fi
for _ in $(seq "$RUNS"); do
	loaded up mint "$c" "$CLIENTS" 0 "$WARM" "$SECONDS_EACH"
	# shellcheck disable=SC2086
	[ -z "$etcd" ] || loaded etcd etcd "$ETCD_CLIENTS" 0 "$WARM" "$SECONDS_EACH" $etcd_urls
done
peers_end
strongroom cluster stop "$c" --node 3 --kill > /dev/null || die 'killing a node'
for _ in $(seq "$RUNS"); do loaded down mint "$c" "$CLIENTS" 0 "$WARM" "$SECONDS_EACH"; done

# shellcheck disable=SC2046
{
	figure throughput.up op/s higher clients="$CLIENTS" -- $(measured per_s up)
	figure throughput.up.p50 ms lower clients="$CLIENTS" -- $(measured p50_ms up)
	figure throughput.up.p99 ms lower clients="$CLIENTS" -- $(measured p99_ms up)
	figure throughput.generator core lower clients="$CLIENTS" -- $(measured generator_cpu up)
	figure throughput.down op/s higher clients="$CLIENTS" -- $(measured per_s down)
	[ -z "$etcd" ] || {
		figure throughput.etcd op/s higher clients="$ETCD_CLIENTS" -- $(measured per_s etcd)
		figure throughput.etcd.p50 ms lower clients="$ETCD_CLIENTS" -- $(measured p50_ms etcd)
		figure throughput.etcd.p99 ms lower clients="$ETCD_CLIENTS" -- $(measured p99_ms etcd)
	}
}
