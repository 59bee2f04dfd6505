#!/bin/bash
# A secret whose key its owner deals to operators of his choice: they open it without the others, and the others without them
# don't; a node that is down is not missed as long as the owner's threshold is there.
. "$(dirname "$0")/lib.sh"

# run CODE WHAT COMMAND...
run() {
	local want=$1 what=$2 got
	shift 2
	strongroom "$@" --json > "$scratch/out" 2> "$scratch/err" < /dev/null
	got=$?
	[ $got -eq "$want" ] && ok || no "$what: exit $got, expected $want: $(head -c 300 "$scratch/out")"
}
# gets NAME FILE: the holder of the NFT gets these bytes
gets() {
	rm -f got
	run 0 "getting $1" secret get "$1" -o got --key bob
	cmp -s "$2" got && ok || no "other bytes of $1 came back"
}

cd "$scratch" || exit 1
echo one > one
head -c 300000 /dev/urandom > two
new_cluster 4 || exit 1
for k in alice bob; do strongroom key new $k > /dev/null; done
run 0 'minting' nft mint token --to bob --key alice

# --- the owner chooses ---
run 0 'dealing' secret put one --name small --policy 'holder(1)' --mode dealt --threshold 2 --members node-0,node-2,node-3 --key alice
run 0 'showing' secret show small --key alice
has '.mode == "dealt" and .threshold == 2 and .generation == 0 and [.holders[].name] == ["node-0", "node-2", "node-3"]' 'show'
has '[.holders[].state] | all(. == "holds")' 'holders'
gets small one
run 0 'dealing a large one by number' secret put two --name large --policy 'holder(1)' --mode dealt --threshold 2 --members 3,1 --key alice
gets large two
run 0 'under the vault key' secret put one --name plain --policy 'holder(1)' --key alice
run 0 'showing that' secret show plain --key alice
has '.mode == "vault"' 'show'

# --- what the owner may not choose ---
for wrong in '--mode dealt' '--mode dealt --threshold 2' '--members node-0,node-1' '--mode both' \
	'--mode dealt --threshold 1 --members node-0,node-1' '--mode dealt --threshold 3 --members node-0,node-1' \
	'--mode dealt --threshold 2 --members node-0,node-9' '--mode dealt --threshold 2 --members node-0,0'; do
	# shellcheck disable=SC2086
	run 2 "put $wrong" secret put one --name wrong --policy 'holder(1)' $wrong --key alice
done

# --- new versions are dealt to the same, or as he says ---
run 0 'a new version' secret update small two --key alice
run 0 'showing' secret show small --key alice
has '.version == 2 and .mode == "dealt" and .threshold == 2 and (.holders | length) == 3' 'update keeps the choice'
gets small two
run 0 'an earlier version again' secret restore small 1 --key alice
gets small one
run 0 'a new policy' secret policy small 'holder(1) and after(2020-01-01)' --key alice
gets small one
run 0 'other holders' secret policy small 'holder(1)' --mode dealt --threshold 3 --members node-1,node-2,node-3 --key alice
run 0 'showing' secret show small --key alice
has '.threshold == 3 and [.holders[].seat] == [1, 2, 3]' 'policy with another choice'
gets small one
run 0 'back under the vault key' secret policy small 'holder(1) or after(2120-01-01)' --mode vault --key alice
gets small one
run 1 'a stranger' secret get small -o none --key alice

# --- who is missed ---
run 0 'all three of three' secret put one --name three --policy 'holder(1)' --mode dealt --threshold 3 --members node-0,node-1,node-2 --key alice
run 0 'two of three' secret put one --name spare --policy 'holder(1)' --mode dealt --threshold 2 --members node-0,node-1,node-2 --key alice
strongroom cluster stop "$STRONGROOM_CLUSTER" --node 0 --kill > "$scratch/stop.out" 2>&1 ||
	kill -9 "$(cut -d' ' -f1 "$STRONGROOM_CLUSTER/node-0/pid")"
gets spare one
gets plain one
run 3 'a holder is missing' secret get three -o none --key bob --timeout 5
strongroom cluster start "$STRONGROOM_CLUSTER" > "$scratch/start.out" 2>&1
gets three one

report
