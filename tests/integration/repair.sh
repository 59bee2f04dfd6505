#!/bin/bash
# A node that was away while a large payload was stored makes its piece of it from the others' pieces.
. "$(dirname "$0")/lib.sh"

passed=0 failed=0
check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL: $what"; fi
}
metric() { # NODE NAME
	local port
	port=$(sed -n 's/^rpc_listen: .*:\([0-9]*\)$/\1/p' "$STRONGROOM_CLUSTER/node-$1"/*.yaml)
	curl -sk --max-time 5 "https://127.0.0.1:$port/metrics" | sed -n "s/^strongroom_$2 //p"
}
is() { # NODE NAME VALUE
	[ "$(metric "$1" "$2")" = "$3" ]
}

new_cluster 4 || exit 1
strongroom key new alice > /dev/null
nft=$(strongroom nft mint family --key alice)
head -c 3000000 /dev/urandom > "$scratch/payload"
strongroom cluster stop "$STRONGROOM_CLUSTER" --node 3 --kill > /dev/null || exit 1
id=$(strongroom secret put "$scratch/payload" --name large --policy "holder($nft)" --key alice --json |
	field .secret_id)
check 'the secret was stored without node 3' test -n "$id"
strongroom cluster start "$STRONGROOM_CLUSTER" --node 3 > /dev/null ||
	strongroom cluster start "$STRONGROOM_CLUSTER" > /dev/null || exit 1
check 'node 3 made its piece' until_true 60 is 3 blob_repaired_total 1
check 'nothing is missing there' is 3 blob_missing 0
# Now it is as good as any: with it and one other, two having lost theirs.
check 'its piece is of the right hash' bash -c \
	'for f in "$1"/node-3/blobs/kept/*; do [ "$(sha256sum < "$f")" = "${f##*/}  -" ] || exit 1; done' \
	- "$STRONGROOM_CLUSTER"
for node in 0 1; do rm -f "$STRONGROOM_CLUSTER/node-$node"/blobs/kept/*; done
strongroom secret get "$id" -o "$scratch/back" --key alice > /dev/null
check 'it serves to restore the payload' cmp -s "$scratch/payload" "$scratch/back"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
