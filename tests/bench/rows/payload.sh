# A payload through the cluster and back, by the commands that people use, against its size; and the same bytes copied
# over TLS to one process that writes and syncs them: for a put as many as the cluster's disks got, for a get the
# payload's own.
. "$(dirname "$0")/../lib.sh"
SIZES=${SIZES:-32 1024 65536 1048576 16777216 67108864}
[ -z "$LARGE" ] || SIZES="$SIZES 1073741824"
new_or_die 4
strongroom key new default > /dev/null || die 'a key'
nft=$(strongroom nft mint bench --json | jq -er .nft_id) || die minting
on_disks() { du -sbc "$c"/node-*/blobs 2> /dev/null | tail -n 1 | cut -f1; }
put() { strongroom secret put plain --name "bench $n $run" --policy "holder($nft)" --timeout 600 --json > put.json; }
get() { rm -f back && strongroom secret get "$id" -o back --timeout 600; }
per_s() { # MS BYTES
	awk "BEGIN { printf \"%.2f\", $2 / 1000 / $1 }"
}
for n in $SIZES; do
	head -c "$n" /dev/urandom > plain
	put_ms= get_ms= put_mb= get_mb=
	for run in $(seq "$RUNS"); do
		before=$(on_disks)
		timed put
		put_ms="$put_ms $took" put_mb="$put_mb $(per_s "$took" "$n")"
		written=$(($(on_disks) - before)) id=$(jq -er .secret_id put.json) || die "put: $(cat put.json)"
		timed get
		get_ms="$get_ms $took" get_mb="$get_mb $(per_s "$took" "$n")"
		cmp -s plain back || die 'another payload came back'
		[ "$n" -ge 1048576 ] || continue
		bench-copy plain copied "$written" 1 > copy && cut -d' ' -f2 copy >> copy.put.$n || die copying
		bench-copy plain copied "$n" 1 > copy && cut -d' ' -f2 copy >> copy.get.$n || die copying
		rm -f copied
	done
	# shellcheck disable=SC2046,SC2086
	{
		figure payload.put ms lower bytes="$n" -- $put_ms
		figure payload.get ms lower bytes="$n" -- $get_ms
		[ "$n" -ge 1048576 ] || continue
		figure payload.put.rate MB/s higher bytes="$n" -- $put_mb
		figure payload.get.rate MB/s higher bytes="$n" -- $get_mb
		figure payload.put.copy ms lower bytes="$n" -- $(awk '{ print $1 * 1000 }' copy.put.$n)
		figure payload.written MB lower bytes="$n" -- "$(awk "BEGIN { print $written / 1e6 }")"
		figure payload.get.copy ms lower bytes="$n" -- $(awk '{ print $1 * 1000 }' copy.get.$n)
	}
done
