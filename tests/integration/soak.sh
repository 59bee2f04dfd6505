#!/bin/bash
# make soak ROUNDS=200: in each round a secret is put and got while a random node is killed (SIGKILL) at a random
# moment and started again. No acknowledged secret may be missing, no byte wrong; at the end all are read once more.
# SEED repeats the choices (not the timing).
. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-200}
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
echo "soak: $rounds rounds, SEED=$seed"
new_cluster 4 || exit 1
# Seeded only now: the ports have nothing to do with the story.
RANDOM=$seed
cd "$scratch" || exit 1
strongroom key new owner > /dev/null
nft=$(strongroom nft mint soak --key owner) || exit 1
mkdir kept
acknowledged=0 unacknowledged=0 wrong=0 missing=0

killer() { # node, moment in ms
	sleep "$(printf '%d.%03d' $(($2 / 1000)) $(($2 % 1000)))" # the random moment itself
	strongroom cluster stop "$STRONGROOM_CLUSTER" --node "$1" --kill > /dev/null 2>&1
	strongroom cluster start "$STRONGROOM_CLUSTER" --node "$1" --timeout 90 > "$scratch/restart" 2>&1
}

check() { # name
	rm -f got
	if ! strongroom secret get "$1" -o got --key owner --nft "$nft" --timeout 90 > get.out 2>&1; then
		missing=$((missing + 1))
		echo "MISSING in round $round: $1: $(tr '\n' ' ' < get.out)"
	elif ! cmp -s got "kept/$1"; then
		wrong=$((wrong + 1))
		echo "WRONG BYTES in round $round: $1"
	fi
}

for ((round = 1; round <= rounds; round++)); do
	node=$((RANDOM % 4)) moment=$((RANDOM % 1500)) large=$((RANDOM % 8)) size=$((RANDOM % 60000))
	[ $large -eq 0 ] && size=$((size * 40 + 70000))
	name=secret-$round
	head -c $size /dev/urandom > "kept/$name"
	killer $node $moment &
	kill_pid=$!
	if strongroom secret put "$name" "kept/$name" --policy "holder($nft)" --key owner --timeout 90 > put.out 2>&1; then
		acknowledged=$((acknowledged + 1))
		check "$name"
	else
		unacknowledged=$((unacknowledged + 1))
		echo "not acknowledged in round $round (node $node, $moment ms): $(tr '\n' ' ' < put.out)"
		rm "kept/$name"
	fi
	wait $kill_pid || { echo "node $node did not come back: $(cat restart)"; exit 1; }
	[ $((round % 20)) -eq 0 ] && echo "round $round: $acknowledged acknowledged, $missing missing, $wrong wrong"
done

echo 'reading all of them once more'
for file in kept/*; do
	check "$(basename "$file")"
done
echo "$acknowledged acknowledged, $unacknowledged not, $missing missing, $wrong with wrong bytes; SEED=$seed"
# A put that nobody acknowledges promises nothing, but with three nodes up it should be acknowledged.
echo "$((acknowledged - missing - wrong)) passed, $((missing + wrong + unacknowledged)) failed, 0 skipped"
[ $missing -eq 0 ] && [ $wrong -eq 0 ] && [ $unacknowledged -eq 0 ]
