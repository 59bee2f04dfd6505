#!/bin/bash
# make demo: four validateers, two secrets, an heir. Every step is checked; the exit status is 0 only when each
# did what it should. Leaves no process and no file behind.
. "$(dirname "$0")/lib.sh"

step=0
title() {
	step=$((step + 1))
	printf '\n%d. %s\n' $step "$1"
}
tell() { printf '   %s\n' "$@"; }
fail() {
	printf '\n   FAILED in step %d: %s\n' $step "$1"
	[ -s "$scratch/said" ] && sed 's/^/   | /' "$scratch/said"
	exit 1
}
must() { # what, command...: has to succeed
	local what=$1
	shift
	"$@" > "$scratch/said" 2>&1 || fail "$what (exit $?)"
}
refused() { # what, error names, command...: the vault has to say no, with one of these names
	local what=$1 names=$2 rc
	shift 2
	"$@" > "$scratch/said" 2>&1
	rc=$?
	[ $rc -eq 1 ] || fail "$what: exit $rc, a refusal is 1"
	grep -qE "\(($names)\)" "$scratch/said" || fail "$what: refused for another reason"
}
same() { cmp -s "$1" "$2" || fail "$2 is not byte for byte $1"; }
never_appeared() { [ ! -e "$1" ] || fail "$1 was written although it was refused"; }
switch_state() { strongroom switch status estate --key office --json 2> /dev/null | field .state; }
in_state() { [[ " $1 " == *" $(switch_state) "* ]]; }
heights() { strongroom status --json 2> /dev/null | field '.members[] | .final_height // 0'; }

started=$SECONDS
cd "$scratch" || exit 1
cat << 'TEXT'
Strongroom, shown on this machine: four validateers keep secrets that none of them can read, and hand them
over only by a decision that a quorum of them has made final. Software enclaves: this shows the protocol; against
whoever is root on this machine it does not protect.
TEXT

title 'Four validateers are set up and started: four operators, each with a daemon and an enclave of its own.'
must 'setting up and starting' new_cluster 4
must 'the genesis' strongroom genesis show --json
tell "The genesis file pins who they are: chain $(field '.chain_id[0:16]' < "$scratch/said")..., every member's keys and evidence in it."
must 'the status' strongroom status --json
[ "$(field '.answered, .vault_ready' < "$scratch/said" | tr '\n' ' ')" = '4 true ' ] || fail 'not all four are ready'
tell 'They made the vault key together: each holds a share, nobody ever held the key. 3 of 4 shares open a secret.'
pids=$(node_pids | tr '\n' ' ')
[ "$(wc -w <<< "$pids")" -eq 8 ] || fail "4 daemons and 4 enclaves expected, found: $pids"
if command -v ss > /dev/null; then
	# By their ports; by their processes too where we may see whose a socket is.
	ports=$(sed -n 's/^[a-z]*_listen:.*:\([0-9]*\)$/\1/p' "$STRONGROOM_CLUSTER"/node-*/strongroomd.yaml | paste -sd '|')
	owners=$(tr -s ' ' '|' <<< "${pids% }")
	listeners=$(ss -Hlntp | grep -E ":($ports) |pid=($owners)," | awk '{ print $4 }' | sort -u)
	[ "$(wc -l <<< "$listeners")" -eq 8 ] || fail "8 listeners expected, found: $listeners"
	grep -vE '^127\.0\.0\.1:' <<< "$listeners" && fail 'one listens beyond this machine'
	tell '8 processes; they listen on 127.0.0.1 only.'
fi

title 'Keys for the people, an NFT for whoever shall have access.'
for who in office alice bob heir stranger; do
	kind=ed25519
	[ $who = bob ] && kind=ethereum
	must "a key for $who" strongroom key new $who --kind $kind
done
nft=$(strongroom nft mint 'safe access' --to alice --key office) || fail 'minting'
heir_nft=$(strongroom nft mint 'estate' --to heir --key office) || fail 'minting'
tell "The office mints NFT $nft for alice and NFT $heir_nft for the heir. Bob's account is an Ethereum address."

title 'The office stores a passwords file and a 20 MiB file: whoever holds the NFT may have them.'
for i in $(seq 1 200); do
	printf 'service-%03d:user-%03d:%s\n' "$i" "$i" "$(head -c 18 /dev/urandom | base64)"
done > passwords
head -c 20971520 /dev/urandom > large
must 'storing the passwords' strongroom secret put passwords passwords --policy "holder($nft)" --key office
id=$(strongroom secret show passwords --key office --json | field .secret_id)
must 'storing the large file' strongroom secret put large large --policy "holder($nft)" --key office
tell 'Encrypted here, on the client. The small one went into the operation, the large one in erasure-coded pieces to all' \
	'members; its key, like every key, was wrapped to the vault key under a label that binds id, owner and policy.'

title 'A stranger asks.'
refused 'the stranger' 'policy_false|not_holder' strongroom secret get "$id" -o stolen --key stranger
refused 'the stranger, naming the NFT' 'policy_false|not_holder' strongroom secret get "$id" --nft "$nft" -o stolen --key stranger
never_appeared stolen
tell 'Refused: the quorum finds the condition not met, so no enclave gives its share.'

title 'Alice reads, then gives the NFT to bob.'
must 'alice reads' strongroom secret get passwords -o alice.out --key alice
same passwords alice.out
must 'the transfer' strongroom nft transfer "$nft" bob --key alice
for file in passwords large; do
	must "bob reads $file" strongroom secret get $file -o bob.$file --key bob
	same $file bob.$file
done
refused 'alice, who held it' 'policy_false|not_holder' strongroom secret get "$id" -o late --key alice
never_appeared late
tell 'Bob gets both files byte for byte; alice, who held it a moment ago, is refused. Nothing was encrypted anew.'

title 'One validateer is killed (SIGKILL, as a power cut would).'
must 'the kill' strongroom cluster stop "$STRONGROOM_CLUSTER" --node 2 --kill
rm -f bob.*
for file in passwords large; do
	must "bob reads $file with three nodes" strongroom secret get $file -o bob.$file --key bob
	same $file bob.$file
done
tell 'Three of four go on deciding, and three shares are enough: bob still reads both.'
must 'its return' strongroom cluster start "$STRONGROOM_CLUSTER" --node 2
target=$(heights | sort -n | tail -n 1)
caught_up() { [ "$(strongroom status --json 2> /dev/null | field '.members[2].final_height // 0')" -ge "$target" ]; }
until_true 20 caught_up || fail 'it did not catch up'
tell "It is back, read its log, and has caught up to block $target."

title "A dead-man switch: 4 s without a heartbeat, then 3 s of grace, then the heir's NFT opens the passwords."
switch=$(strongroom switch create estate --interval 4s --grace 3s --key office) || fail 'making the switch'
must 'a new policy' strongroom secret policy passwords --key office \
	"holder($nft) or (switch($switch, fired) and holder($heir_nft))"
tell "The office changes the policy to: $(tail -n 1 "$scratch/said")"
refused 'the heir, too early' 'policy_false|not_holder' strongroom secret get "$id" -o heir.out --key heir
for _ in 1 2 3; do
	must 'a heartbeat' strongroom switch heartbeat estate --key office
	sleep 1.5 # the owner's pace
	in_state 'armed warn' || fail "with heartbeats it is $(switch_state)"
done
tell 'Heartbeats keep it armed for longer than its interval. Now the owner falls silent...'
until_true 20 in_state 'warn' || fail "it never warned: $(switch_state)"
until_true 20 in_state 'pending' || fail "it never became pending: $(switch_state)"
must 'a heartbeat in the grace time' strongroom switch heartbeat estate --key office
until_true 5 in_state 'armed warn' || fail "a heartbeat did not re-arm it: $(switch_state)"
refused 'the heir after the re-arming' 'policy_false|not_holder' strongroom secret get "$id" -o heir.out --key heir
tell 'warn, pending - and a heartbeat in the grace time armed it again; the heir is still refused. Silent once more...'
until_true 20 in_state 'pending' || fail "it never became pending again: $(switch_state)"
until_true 20 in_state 'fired' || fail "it never fired: $(switch_state)"
never_appeared heir.out
must 'the heir reads' strongroom secret get "$id" -o heir.out --key heir
same passwords heir.out
must 'the audit' strongroom audit --switch estate --key office --json
story=$(field '[.events[].event] | map(select(. == "warn" or . == "pending" or . == "heartbeat" or . == "fired")) | join(" ")' < "$scratch/said")
[[ "$story" == *warn*pending*heartbeat*warn*pending*fired* ]] || fail "the audit tells another story: $story"
tell 'fired: the heir opens what was closed to them. The audit has every step, each in a final block.'

title 'Two of four are killed: one more than can be borne.'
must 'the kill' strongroom cluster stop "$STRONGROOM_CLUSTER" --node 1 --kill
must 'the kill' strongroom cluster stop "$STRONGROOM_CLUSTER" --node 3 --kill
rm -f bob.*
strongroom secret get passwords -o bob.passwords --key bob --timeout 3 > "$scratch/said" 2>&1
rc=$?
[ $rc -eq 3 ] || fail "with two nodes: exit $rc, 3 was expected"
never_appeared bob.passwords
tell 'No quorum, no decision: bob waits in vain. An outage never releases anything.'
must 'their return' strongroom cluster start "$STRONGROOM_CLUSTER"
for file in passwords large; do
	must "bob reads $file again" strongroom secret get $file -o bob.$file --key bob
	same $file bob.$file
done
must 'what the office has' strongroom secret list --key office --json
[ "$(field '[.secrets[].name] | sort | join(" ")' < "$scratch/said")" = 'large passwords' ] || fail 'a secret is missing'
tell '...and never destroys: back together, they hand bob both files, byte for byte.'

title 'They stop in order.'
pids=$(node_pids)
must 'stopping' strongroom cluster stop "$STRONGROOM_CLUSTER"
# shellcheck disable=SC2086
until_true 10 gone $pids || fail 'a process is still there'
printf '\nAll %d steps did what they should (%d s). Next: README.md, strongroom --help.\n' $step $((SECONDS - started))
