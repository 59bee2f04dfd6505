# The peers that Debian ships, started by hand on ports of their own: no service manager is asked.
peer_pids=
peers_end() {
	local pid
	for pid in $peer_pids; do kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null; done
	peer_pids=
}
peers_clean_up() {
	local rc=$?
	peers_end
	(exit "$rc")
	clean_up
}
trap peers_clean_up EXIT

# Three members that sync each put, over TLS with certificates of their own making. Sets etcd_urls.
etcd_start() {
	local base i cluster=
	base=$(($(random_port) + 10000))
	etcd_urls=
	for i in 0 1 2; do
		cluster=$cluster${cluster:+,}m$i=https://127.0.0.1:$((base + 2 * i + 1))
		etcd_urls="$etcd_urls https://127.0.0.1:$((base + 2 * i))"
	done
	for i in 0 1 2; do
		etcd --name "m$i" --data-dir "$scratch/etcd-$i" --auto-tls --peer-auto-tls \
			--listen-client-urls "https://127.0.0.1:$((base + 2 * i))" \
			--advertise-client-urls "https://127.0.0.1:$((base + 2 * i))" \
			--listen-peer-urls "https://127.0.0.1:$((base + 2 * i + 1))" \
			--initial-advertise-peer-urls "https://127.0.0.1:$((base + 2 * i + 1))" \
			--initial-cluster "$cluster" --initial-cluster-state new --log-level error \
			> "etcd-$i.log" 2>&1 &
		peer_pids="$peer_pids $!"
	done
	# shellcheck disable=SC2086
	until_true 30 etcd_ready || { tail -n 3 etcd-*.log >&2; die 'etcd did not start'; }
}
# shellcheck disable=SC2086
etcd_ready() { timeout 5 load etcd 3 0 0 0.2 $etcd_urls 2> /dev/null | jq -e '.good > 0 and .bad == 0' > /dev/null; }

# So many servers; sets tang_urls.
tang_start() {
	local base i
	base=$(($(random_port) + 20000))
	tang_urls=
	for i in $(seq 0 $(($1 - 1))); do
		mkdir "$scratch/tang-$i" && /usr/libexec/tangd-keygen "$scratch/tang-$i" > /dev/null || die tangd-keygen
		socat "TCP-LISTEN:$((base + i)),bind=127.0.0.1,reuseaddr,fork" EXEC:"/usr/libexec/tangd $scratch/tang-$i" \
			2> /dev/null &
		peer_pids="$peer_pids $!"
		tang_urls="$tang_urls http://127.0.0.1:$((base + i))"
	done
}
