#!/bin/bash
# A node restarted from an old copy of its disk notices, says so, abstains, finds its share valid and goes on by itself.
# From a copy of before a refresh nothing can: its shares since then are in no backup of it. It says that, and is replaced.
. "$(dirname "$0")/lib.sh"

get() { jq -r "$1" < out 2> /dev/null; }
said() { sed "1,${mark}d" "$c/node-3/log" | grep -q "$1"; }
says() { until_true "$1" said "$2" && ok || no "$3"; }
from_here() { mark=$(wc -l < "$c/node-3/log"); }
height() { strongroom status --json 2> /dev/null | jq -r ".members[] | select(.name == \"node-$1\") | .final_height // 0"; }
pid() { local p _; read -r p _ < "$c/node-3/pid"; echo "$p"; }
down() { local p; p=$(pid); strongroom cluster stop "$c" --node 3 "$@" > /dev/null 2>&1; until_true 20 gone "$p"; }
back_to() { rm -rf "$c/node-3" && cp -a "$1" "$c/node-3"; }

cd "$scratch" || exit 1
c=$STRONGROOM_CLUSTER also=$STRONGROOM_CLUSTER/node-3/log
echo '{ "refresh_min": "0s", "window": "15s" }' > policy.json
must init strongroom cluster init "$c" --policy policy.json
must start strongroom cluster start "$c"
must key strongroom key new
must mint strongroom nft mint 'the will' --json
nft=$(get .nft_id)
head -c 900 /dev/urandom > small
must put strongroom secret put small --name small --policy "holder($nft)" --json
secret=$(get .secret_id)

# --- a copy of the same epoch ---
down
cp -a "$c/node-3" same
must start strongroom cluster start "$c" --node 3
for i in 1 2 3 4 5 6; do must "it votes, $i" strongroom nft mint "on $i"; done
down --kill
back_to same
from_here
must 'started from an old copy' strongroom cluster start "$c" --node 3
says 20 'the disk is an older copy' 'it notices, and says so'
says 20 'it votes again, from this slot on' 'it abstains, and then votes again'
[ "$(sed "1,${mark}d" "$c/node-3/log" | grep -n 'older copy' | cut -d: -f1)" -lt \
	"$(sed "1,${mark}d" "$c/node-3/log" | grep -n 'votes again' | cut -d: -f1)" ] && ok || no 'in this order'
says 1 "the share and the keys are this member's of epoch 1" 'its share is valid'
caught_up() { [ "$(height 3)" -ge "$(height 0)" ]; }
until_true 20 caught_up && ok || no 'it follows'
# Three of four decide and open: with one away its vote and its share are needed.
strongroom cluster stop "$c" --node 0 --kill > /dev/null 2>&1
must 'its vote counts' strongroom nft mint 'with its vote'
must 'its share counts' strongroom secret get "$secret" -o small.back
cmp small small.back && ok || no "the bytes $(ls -l small*)"
must 'the other is back' strongroom cluster start "$c" --node 0

# --- copies of before one refresh, and of before two ---
down
cp -a "$c/node-3" before
must start strongroom cluster start "$c" --node 3
lost() { # WHY
	down --kill
	[ -d newest ] || cp -a "$c/node-3" newest
	back_to before
	from_here
	strongroom cluster start "$c" --node 3 > /dev/null 2>&1
	says 90 'stopped for good' "it says that its shares are lost: $1"
	said 'epoch_step' && said "$1" && ok || no "and why: $1"
	must 'the others go on' strongroom nft mint 'without it'
}
must 'a refresh' strongroom node refresh "$c/node-1" --json
lost "this node's keys for the new epoch are not there"
back_to newest
must 'the newest copy is good' strongroom cluster start "$c" --node 3
must 'another refresh' strongroom node refresh "$c/node-1" --json
must 'a third' strongroom node refresh "$c/node-1" --json
lost 'older than what this member acknowledged'

# Four stay four: it goes when another one comes.
strongroom cluster join "$c" --timeout 120 --json > joined 2>&1 < /dev/null &
joining=$!
asked() { strongroom node list --json 2> /dev/null | jq -e '.candidates | length > 0' > /dev/null; }
until_true 30 asked && ok || no 'another asks to join'
must 'it is taken out' strongroom node leave "$c/node-3" --timeout 120 --json
wait $joining && ok || no "another takes its place: $(tail -n 3 joined)"
must 'the secret opens' strongroom secret get "$secret" -o small.again
cmp -s small small.again && ok || no 'the bytes at the end'

must stop strongroom cluster stop "$c"
report
