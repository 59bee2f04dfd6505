#!/bin/bash
# Real processes: in a cluster of four, the n-th call of a kind fails in the daemon or the enclave of one node, by a
# preloaded shim. Meanwhile the other three serve; afterwards, without the shim, the node starts, has nothing
# wrong and catches up. What is injected follows from SEED (not the timing).
#   processes.sh SHIM ROUNDS
set -u
shim=$(realpath "$1") rounds=$2
. "$(dirname "$0")/../integration/lib.sh"
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
echo "processes: $rounds rounds, SEED=$seed"

# Beside each program a script of its name, which preloads the shim when there is a fault to inject. The enclave is
# started with an empty environment; what is measured stays the program itself.
mkdir "$scratch/real"
mv "$scratch/bin/strongroomd" "$scratch/bin/strongroom-enclave" "$scratch/real/"
for program in strongroomd strongroom-enclave; do
	cat > "$scratch/bin/$program" << EOF
#!/bin/bash
export PATH=/usr/bin:/bin
case "\$*" in *node-3*) [ -s $scratch/fault-$program ] && export LD_PRELOAD=$shim INJECT=\$(cat $scratch/fault-$program) ;; esac
exec $scratch/real/$program "\$@"
EOF
	chmod +x "$scratch/bin/$program"
done
chmod 755 "$scratch" "$scratch/bin" "$scratch/real"
for try in 1 2 3 4 5 6 7 8; do
	strongroom cluster init "$STRONGROOM_CLUSTER" --nodes 4 --base-port "$(random_port)" > "$scratch/init.out" 2>&1 && break
done
echo "enclave_program: $scratch/bin/strongroom-enclave" >> "$STRONGROOM_CLUSTER/node-3/strongroomd.yaml"
# The path of its sealing key tells the script whose enclave it is.
sed -i "s|^data_dir: .*|data_dir: $STRONGROOM_CLUSTER/node-3|" "$STRONGROOM_CLUSTER/node-3/strongroomd.yaml"
strongroom cluster start "$STRONGROOM_CLUSTER" > "$scratch/start.out" 2>&1 || { cat "$scratch/start.out"; exit 1; }
strongroom key new owner > /dev/null || exit 1
account=$(strongroom key show owner --json | field .account)
echo first > "$scratch/plain"
strongroom secret put first "$scratch/plain" --policy "account($account)" --key owner > /dev/null || exit 1
RANDOM=$seed

log=$STRONGROOM_CLUSTER/node-3/log
passed=0 failed=0 fired=0
bad() { echo "FAILED: round $round, $fault: $1"; failed=$((failed + 1)); good=; }
heights() { strongroom status --json 2> /dev/null | field '.members[] | .final_height // 0'; }
caught_up() { [ "$(strongroom status --json 2> /dev/null | field '.members[3].final_height // 0')" -ge "$target" ]; }
down_or_fired() { grep -q '^inject: .* fails' "$log" || [ -z "$(node_3)" ]; }
node_3() {
	local pid
	read -r pid _ < "$STRONGROOM_CLUSTER/node-3/pid" 2> /dev/null && kill -0 "$pid" 2> /dev/null && echo "$pid"
}

programs=(strongroomd strongroom-enclave)
calls=(malloc mmap mlock getrandom open write fsync send)
for ((round = 1; round <= rounds; round++)); do
	good=1
	program=${programs[RANDOM % 2]} call=${calls[RANDOM % ${#calls[@]}]}
	most=16
	[ $call = malloc ] && most=16384
	# As often small as large.
	n=$((1 + (RANDOM * 32768 + RANDOM) % (most >> (RANDOM % 5))))
	how=once
	[ $((RANDOM % 3)) -eq 0 ] && how=on
	fault="$program $call:$n:0:$how"
	strongroom cluster stop "$STRONGROOM_CLUSTER" --node 3 --kill > /dev/null 2>&1
	: > "$log"
	echo "$call:$n:0:$how" > "$scratch/fault-$program"
	strongroom cluster start "$STRONGROOM_CLUSTER" --node 3 --timeout 8 > "$scratch/said" 2>&1
	until_true 8 down_or_fired
	strongroom secret put "round $round" "$scratch/plain" --policy "account($account)" --key owner > "$scratch/said" 2>&1 ||
		bad "the others did not serve: $(cat "$scratch/said")"
	grep -q '^inject: .* fails' "$log" && fired=$((fired + 1))
	[ -n "$(node_3)" ] || grep -qE ' error |^inject: |strongroomd: |memory|abort' "$log" || bad 'it ended without a word'
	rm -f "$scratch/fault-$program"
	strongroom cluster stop "$STRONGROOM_CLUSTER" --node 3 --kill > /dev/null 2>&1
	cp "$log" "$scratch/log-with-fault"
	: > "$log"
	strongroom cluster start "$STRONGROOM_CLUSTER" --node 3 --timeout 60 > "$scratch/said" 2>&1 ||
		bad "it does not start again: $(cat "$scratch/said" "$log" | tail -n 5)"
	target=$(heights | sort -n | tail -n 1)
	until_true 30 caught_up || bad "it stays behind: $(heights | tr '\n' ' ') of $target"
	grep -E 'damaged=[1-9]|is damaged|rolled back|stopped for good|restore the' "$log" && bad 'it found something wrong'
	[ -z "$good" ] && sed 's/^/    | /' "$scratch/log-with-fault" | tail -n 12
	[ -n "$good" ] && passed=$((passed + 1))
done
strongroom secret get first -o "$scratch/again" --key owner > "$scratch/said" 2>&1 && cmp -s "$scratch/plain" "$scratch/again" &&
	passed=$((passed + 1)) || { round=end fault=none; bad "the first secret: $(cat "$scratch/said")"; }
echo "$fired of $rounds faults came to pass"
[ $fired -gt 0 ] || { round=all fault=any; bad 'no fault came to pass: the shim does nothing'; }
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
