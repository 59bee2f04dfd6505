#!/bin/bash
# Members come and go in a cluster of real processes: a fifth joins, one leaves, all shares are dealt anew, nodes are
# killed meanwhile; operations go on, and what was stored at the start opens at the end.
. "$(dirname "$0")/lib.sh"

field() { jq -r "$1" < "$scratch/out" 2> /dev/null; }
is() { [ "$(field "$1")" = "$2" ] && ok || no "$3: $1 is $(field "$1"), not $2"; }

cd "$scratch" || exit 1
c=$STRONGROOM_CLUSTER
# An operator may ask for a new epoch at once: nobody waits here for ten minutes.
echo '{ "refresh_min": "0s" }' > policy.json
must init strongroom cluster init "$c" --policy policy.json --json
must start strongroom cluster start "$c" --json
must key strongroom key new
must 'another key' strongroom key new busy
must mint strongroom nft mint 'the will' --json
nft=$(field .nft_id)
head -c 900 /dev/urandom > small
head -c 1048576 /dev/urandom > large
must 'storing a small one' strongroom secret put small --name small --policy "holder($nft)" --json
small=$(field .secret_id)
must 'storing a large one' strongroom secret put large --name large --policy "holder($nft)" --json
large=$(field .secret_id)

opens() { # WHEN
	must "the small one opens $1" strongroom secret get "$small" -o small.back
	cmp -s small small.back && ok || no "the small one's bytes $1"
	must "the large one opens $1" strongroom secret get "$large" -o large.back
	cmp -s large large.back && ok || no "the large one's bytes $1"
	rm -f small.back large.back
}

# --- operations go on ---
(
	n=0 bad=0
	until [ -e enough ]; do
		strongroom nft mint "go on $n" --key busy > /dev/null 2>> going.err && n=$((n + 1)) || bad=$((bad + 1))
	done
	echo "$n $bad" > going
) &
going=$!

must 'a fifth joins' strongroom cluster join "$c" --json
is .seat 4 'the lowest free seat'
is .epoch 2 'a member with the next epoch'
is '[.steps[].step] | join(" ")' 'trail join admission start member' 'its steps'
must list strongroom node list --json
is '.members | length' 5 'five members'
is '[.candidates[]] | length' 0 'nobody waits'
is '.quorum' 4 'their quorum'

strongroom cluster stop "$c" --node 2 --kill > /dev/null 2>&1
must 'one of five may be away' strongroom nft mint 'one is away' --json
must 'and comes back' strongroom cluster start "$c" --node 2

must 'one leaves' strongroom node leave "$c/node-0" --json
is .members 4 'four remain'
until_true 20 grep -q 'its keys are wiped' "$c/node-0/log" && ok || no 'who left says so'
must list strongroom node list --json
is '[.members[].seat] | join(" ")' '1 2 3 4' 'the seats of those who stay'

must 'every share is new' strongroom node refresh "$c/node-1" --json
before=$(field .epoch)
strongroom cluster stop "$c" --node 4 --kill > /dev/null 2>&1
opens 'while the newest member is away'
must 'it comes back' strongroom cluster start "$c" --node 4
must 'a sixth joins' strongroom cluster join "$c" --json
is .seat 0 'the seat that was left'
[ "$(field .epoch)" -gt "$before" ] && ok || no 'a new epoch'

touch enough
wait "$going"
read -r n bad < going
[ "$n" -gt 5 ] && [ "$bad" -eq 0 ] && ok || no "operations went on: $n done, $bad not: $(tail -n 2 going.err)"

# --- a client that knows only the genesis, and one that knows more ---
must checkpoint strongroom checkpoint --json
point=$(field .checkpoint)
must 'leaving again' strongroom node leave "$c/node-1" --json
rm -f "$c/trail"
must 'the genesis alone leads here' strongroom node list --json
is '[.members[].name] | sort | join(" ")' 'node-2 node-3 node-4 node-5' 'who is there now'

# --- joining by hand, from a machine that has only the genesis file ---
port=$((20000 + RANDOM % 20000))
must 'a node is made' strongroom node init mine --genesis "$c/genesis" --url "https://127.0.0.1:$port" \
	--link "tcp://127.0.0.1:$((port + 1))" --name mine --json
operator=$(field .operator)
strongroom node join mine --via "$c" --json > out 2> err
[ "$(field .error.name)" = operator_unknown ] && ok || no 'an operator who is not listed'
must policy strongroom node policy show --json
jq --arg o "$operator" '.policy | .number += 1 | .operators += [$o]' < out > next.json
must 'one operator signs' strongroom node policy sign next.json --operator-key "$c/node-3/operator.key" --out sig3
must 'another signs' strongroom node policy sign next.json --operator-key "$c/node-4/operator.key" --out sig4
strongroom node policy set next.json --operator-key "$c/node-2/operator.key" --json > out 2> err
[ "$(field .error.name)" = threshold ] && ok || no 'one operator alone'
must 'a quorum sets the policy' strongroom node policy set next.json --operator-key "$c/node-2/operator.key" \
	--sig sig3 --sig sig4 --json
# What accepts more waits for its date; the next number follows it all the same.
must policy strongroom node policy show --json
jq '.policy | .number += 1 | .lapse = "30d"' < out > more.json
jq '.policy | .number += 1 | .lapse = "30d" | .silence = "2h"' < out > late.json
jq '.policy | .number += 2 | .silence = "2h"' < out > after.json
for p in more late after; do
	for k in 3 4; do
		must "node-$k signs $p" strongroom node policy sign "$p.json" --operator-key "$c/node-$k/operator.key" --out "$p$k"
	done
done
set_policy() { strongroom node policy set "$1.json" --operator-key "$c/node-2/operator.key" --sig "$1"3 --sig "$1"4 --json; }
must 'a policy that accepts more' set_policy more
[ "$(field .from)" != null ] && ok || no 'it is told from when it counts'
must policy strongroom node policy show --json
is '.announced.number - .policy.number' 1 'it is announced'
is '.next_number - .announced.number' 1 'the next number'
set_policy late > out 2> err
[ "$(field .error.name)" = stale ] && ok || no 'the announced number is taken'
must 'the number after it' set_policy after
must policy strongroom node policy show --json
is .announced null 'nothing is announced any more'
is .policy.silence 2h 'what was tightened counts'
strongroom node join mine --via "$c" --checkpoint "${point%%:*}:$(printf '0%.0s' {1..64})" --json > out 2> err
[ "$(field .error.name)" = checkpoint_other ] && ok || no 'a checkpoint elsewhere'
url=$(strongroom node list --json | jq -r '.members[0].url')
must 'it joins by any node, through the checkpoint' strongroom node join mine --via "$url" --checkpoint "$point" --json
must 'again changes nothing' strongroom node join mine --via "$url" --json
opens 'at the end'

# --- who sleeps through its removal and what came after it ---
read -r pid _ < mine/pid
kill -9 "$pid"
until_true 10 gone "$pid" && ok || no 'it is killed'
must 'it is taken out while it sleeps' strongroom node leave mine --json
must 'a new epoch' strongroom node refresh "$c/node-4" --json
must 'another new epoch' strongroom node refresh "$c/node-4" --json
strongroomd --config mine/strongroomd.yaml >> mine/log 2>&1 &
slept=$!
until_true 90 gone "$slept" && ok || no 'it ends when it learns from any member that it is out'
tail -n 3 mine/log | grep -q 'its keys are wiped' && ok || no 'and says so'

must stop strongroom cluster stop "$c"
report
