# Getting a small secret back by one command: clevis from three of four Tang servers, which ask nobody who he is and
# agree on nothing, and strongroom from three of four nodes, which finalise who got it first.
. "$(dirname "$0")/../lib.sh"
. "$bench/peers.sh"
printf 'a disk key of thirty-two bytes..' > plain
if command -v clevis > /dev/null && command -v socat > /dev/null && [ -x /usr/libexec/tangd ]; then
	tang_start 4
	# shellcheck disable=SC2086
	config=$(jq -cn --args '{ t: 3, pins: { tang: [$ARGS.positional[] | { url: . }] } }' $tang_urls)
	clevis_seal() { clevis encrypt sss "$config" -y < plain > sealed 2> clevis.err; }
	clevis_open() { clevis decrypt < sealed > opened 2> clevis.err && cmp -s plain opened; }
	until_true 10 clevis_seal || { cat clevis.err >&2; die 'clevis encrypt'; }
	timed_often "$RUNS" clevis_open
	# shellcheck disable=SC2086
	figure recover.clevis ms lower servers=4 threshold=3 -- $took
	peers_end
else
	missing 'Tang and Clevis' 'tang, clevis, socat'
fi

new_or_die 4
strongroom key new default > /dev/null || die 'a key'
nft=$(strongroom nft mint bench --json | jq -er .nft_id) || die minting
id=$(strongroom secret put plain --name bench --policy "holder($nft)" --json | jq -er .secret_id) || die storing
get() { rm -f back && strongroom secret get "$id" -o back && cmp -s plain back; }
timed_often "$RUNS" get
# shellcheck disable=SC2086
figure recover.strongroom ms lower servers=4 threshold=3 -- $took
