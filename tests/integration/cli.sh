#!/bin/bash
# The command line against a cluster: exit codes, the shape of --json, and one named error for each kind of bad input.
. "$(dirname "$0")/lib.sh"

cd "$scratch" || exit 1

# --- without any cluster ---
rc 2 usage 'no command'
rc 2 usage 'an unknown command' nonsense
rc 2 usage 'an unknown option' status --nonsense
rc 2 duplicate 'an option twice' --key a --key b status
rc 2 out_of_range 'a timeout of nothing' --timeout 0 status
rc 2 not_found 'no genesis there' --cluster "$scratch/none" status
rc 2 out_of_range 'two nodes' cluster init "$scratch/none" --nodes 2
rc 2 out_of_range 'a threshold above n - f' cluster init "$scratch/none" --nodes 4 --threshold 4
rc 2 out_of_range 'a threshold of f' cluster init "$scratch/none" --nodes 4 --threshold 1
rc 2 out_of_range 'a low port' cluster init "$scratch/none" --base-port 80
rc 2 bad_syntax 'three hosts for four nodes' cluster init "$scratch/none" --hosts 10.0.0.1,10.0.0.2,10.0.0.3
rc 2 bad_syntax 'five hosts' cluster init "$scratch/none" --hosts 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5
rc 2 bad_syntax 'a host that is none' cluster init "$scratch/none" --hosts 10.0.0.1,10.0.0.2,10.0.0.3,here
rc 2 name_bad 'a name that is too long' cluster init "$scratch/none" --name "$(printf 'x%.0s' {1..65})"
[ ! -e "$scratch/none" ] && ok || no 'a refused init left something behind'
echo hello > hello
rc 0 '' 'splitting' split hello --shares 4 --threshold 2
has '(.shares | length) == 4' 'splitting'
rc 1 in_use 'splitting again' split hello --shares 4 --threshold 2
rc 0 '' 'combining' combine hello.002.share hello.004.share -o back
cmp -s hello back && ok || no 'combined bytes differ'
rc 1 share_too_few 'one share of two' combine hello.001.share -o none
rc 1 share_duplicate 'the same share twice' combine hello.001.share hello.001.share -o none
cp hello.003.share changed
printf 'X' | dd of=changed bs=1 seek=41 conv=notrunc 2> /dev/null
rc 1 share_bad 'a changed share' combine hello.001.share hello.002.share changed -o none
grep -q changed "$scratch/err" && ok || no 'the changed share is not named'
rc 1 bad_kind 'no share at all' combine hello.001.share "$BIN/strongroom" -o none
[ ! -e none ] && ok || no 'a failed combine wrote its file'

# --- evidence, offline ---
vectors=${STRONGROOM_VECTORS:-$root/../shared/data}
if [ -d "$vectors/dcap" ]; then
	case=$(jq -c '[.[] | select(.core)][0]' < "$vectors/dcap/vectors.json")
	of() { jq -r ".$1" <<< "$case"; }
	quote=$vectors/dcap/$(of quote)
	collateral=(--tcb-info "$vectors/dcap/$(of tcb_info)" --qe-identity "$vectors/dcap/$(of qe_identity)"
		--pck-crl "$vectors/dcap/$(of pck_crl)" --root-crl "$vectors/dcap/$(of root_crl)")
	rc 0 '' 'a genuine quote' attest verify "$quote" "${collateral[@]}" --time "$(of verify_time)"
	has ".verified and .status == \"$(of expect.final_status)\" and .report_data == \"$(of expect.report_data)\"" 'a quote'
	rc 1 collateral_time 'a quote out of its time' attest verify "$quote" "${collateral[@]}" --time 2000000000
	has '.verified == false' 'a quote out of its time'
	rc 2 usage 'a quote without collateral' attest verify "$quote"
	rc 0 '' 'a Nitro document' attest verify "$vectors/nitro/dstack_prod.bin"
	has '.verified and (.debug | not) and .tee == "nitro"' 'a Nitro document'
	rc 1 chain_bad 'a forged document' attest verify "$vectors/nitro/fortanix_tampered_certificate.bin"
else
	echo "SKIPPED 9 genuine evidence: $vectors is not there"
fi
rc 1 evidence_format 'no evidence at all' attest verify hello
rc 1 not_found 'no such file' attest verify nothing
: > nothing
rc 2 empty 'splitting nothing' split nothing --shares 3
rc 2 bad_kind 'splitting a device' split /dev/null --shares 3
rc 2 out_of_range 'threshold above shares' split hello --shares 3 --threshold 4

# --- keys ---
mkdir cluster-keys
keys() { rc "$1" "$2" "$3" --cluster "$scratch/cluster-keys" "${@:4}"; }
keys 0 '' 'a new key' key new a
has '(.account | startswith("ed25519:")) and .name == "a"' 'a new key'
keys 1 in_use 'a key that is there' key new a
keys 0 '' 'an Ethereum key' key new e --kind ethereum
has '.account | test("^0x[0-9a-f]{40}$")' 'an Ethereum key'
keys 2 bad_kind 'a key of another kind' key new x --kind rsa
keys 2 name_bad 'a key with a bad name' key new '..'
keys 2 not_found 'a key that is not there' key show nobody
chmod 644 cluster-keys/keys/a
keys 1 damaged 'a key that others may read' key show a
keys 0 '' 'listing keys' key list
has '[.keys[].name] == ["e"]' 'a key that others may read is not listed'

# --- a cluster of other addresses ---
rc 0 '' 'hosts' cluster init "$scratch/hosts" --hosts 10.9.0.1,10.9.0.2,10.9.0.3,10.9.0.4 --base-port 7000
grep -q '^link_listen: tcp://10.9.0.3:7005$' "$scratch/hosts/node-2/strongroomd.yaml" && ok || no 'a host is not in its configuration'
strongroom --cluster "$scratch/hosts" genesis show --json > "$scratch/out"
has '[.members[].url] == ["https://10.9.0.1:7000", "https://10.9.0.2:7002", "https://10.9.0.3:7004", "https://10.9.0.4:7006"]' 'hosts in the genesis'

# --- a cluster that is not there ---
strongroom cluster init "$STRONGROOM_CLUSTER" --base-port "$(random_port)" > /dev/null || exit 1
rc 1 in_use 'init over an old one' cluster init "$STRONGROOM_CLUSTER"
rc 3 not_reached 'status without nodes' status
strongroom key new office > /dev/null
rc 3 not_reached 'acting without nodes' nft mint x --key office --timeout 2
rc 0 '' 'the genesis needs no nodes' genesis show
has '.attestation == "software" and .quorum == 3 and .faults == 1 and (.members | length) == 4' 'genesis'
cp "$STRONGROOM_CLUSTER/genesis" genesis.good
printf 'X' | dd of="$STRONGROOM_CLUSTER/genesis" bs=1 seek=900 conv=notrunc 2> /dev/null
strongroom genesis show --json > "$scratch/out" 2> "$scratch/err"
[ $? -eq 1 ] && ok || no 'a changed genesis is taken'
cp genesis.good "$STRONGROOM_CLUSTER/genesis"
strongroom cluster start "$STRONGROOM_CLUSTER" > "$scratch/out" 2>&1 || { cat "$scratch/out"; exit 1; }

# --- the shape of what programs read ---
rc 0 '' 'status' status
has '.state == "good" and .answered == 4 and (.members | length) == 4 and .vault_ready' 'status'
has '(.final_height | type) == "number" and .height == .final_height' 'status'
has '.members | all(has("member") and has("name") and has("url") and has("state") and has("final_height"))' 'members'
for k in alice bob; do strongroom key new $k > /dev/null; done
strongroom key new eth --kind ethereum > /dev/null
rc 0 '' 'minting' nft mint 'the token' --to alice --key office
has '.nft_id == 1 and (.account | startswith("ed25519:")) and .height > 0' 'minting'
rc 0 '' 'showing an NFT' nft show 1
has '.nft_id == 1 and .version == 1 and .state == "held" and .name == "the token" and .ticket_open == false' 'nft'
rc 0 '' 'listing NFTs' nft list alice
has '[.nfts[].nft_id] == [1]' 'nft list'
rc 0 '' 'storing from standard input' secret put note --policy 'holder(1)' --key office
has '(.secret_id | test("^[0-9a-f]{32}$")) and .version == 1 and .inline and .bytes == 0 and .bucket_bytes == 256' 'put'
id=$(jq -r .secret_id < "$scratch/out")
rc 0 '' 'updating' secret update note hello --key office
has '.version == 2 and .bytes == 6' 'update'
rc 0 '' 'getting' secret get note -o got --key alice
has '.version == 2 and .bytes == 6 and .file == "got"' 'get'
cmp -s hello got && ok || no 'other bytes came back'
rc 0 '' 'restoring' secret restore note 1 --key office
has '.version == 3 and .from_version == 1' 'restore'
rc 0 '' 'getting an old version' secret get note --version 2 -o got --key alice
cmp -s hello got && ok || no 'other bytes came back for version 2'
rc 0 '' "the owner's own copy" secret get note --version 2 --own-copy -o own --key office
cmp -s hello own && ok || no 'the own copy differs'
rc 0 '' 'the history' secret history note --key office
has '[.versions[].version] == [1, 2, 3]' 'history'
rc 0 '' 'a new policy' secret policy note 'holder(1) or account('"$(strongroom key show eth)"')' --key office
has '.policy | test("^holder\\(1\\) or account\\(0x")' 'policy'
rc 0 '' 'an Ethereum account reads' secret get "$id" -o got --key eth
rc 0 '' 'a secret for everyone from a date on' secret put open hello --policy 'after(2020-01-01)' --key office
open=$(jq -r .secret_id < "$scratch/out")
rc 0 '' 'anyone reads it then' secret get "$open" -o got --key bob
cmp -s hello got && ok || no 'other bytes came back for everyone'
rc 0 '' 'a secret for nobody yet' secret policy open 'after(2120-01-01)' --key office
rc 1 policy_false 'nobody reads it before' secret get "$open" -o none --key bob
grep -q 'node 0' "$scratch/err" && ok || no 'the condition that failed is not named'
rc 0 '' 'showing a secret' secret show note --key office
has '.state == "kept" and .name == "note" and (.policy | type) == "string"' 'show'
rc 0 '' 'listing secrets' secret list --nft 1 --key alice
has '[.secrets[].name] == ["note"]' 'list by NFT'
rc 0 '' 'a block' block
has '.signers >= 3 and (.hash | length) == 64' 'block'
rc 0 '' 'the audit' audit --secret note --key office
has '[.events[].event] | index("stored") != null and index("ticket") != null and index("policy") != null' 'audit'
rc 0 '' 'a switch' switch create sw --interval 1h --grace 10m --guardian alice --guardian bob --heir bob:1h --stage 1d --key office
has '.switch_id == 1 and .state == "armed"' 'switch'
rc 0 '' 'a heartbeat' switch heartbeat sw --key office
rc 0 '' 'pausing' switch pause sw +2h --key office
rc 0 '' 'its state' switch status 1 --key office
has '.state == "paused" and .guardians_needed == 2 and .heirs == 1 and .stages == 1' 'switch status'
rc 0 '' 'ending the pause' switch pause sw end --key office
rc 0 '' 'delegating' switch delegate sw bob --until +1h --key office
rc 0 '' "the delegate's heartbeat" switch heartbeat 1 --key bob
rc 0 '' 'a proof' proof get nft 1 -o proof --key alice
rc 0 '' 'its check' proof verify proof
has '.valid and .nft_id == 1' 'proof'
cp proof proof.bad
printf '\001' | dd of=proof.bad bs=1 seek=$(($(stat -c %s proof) - 20)) conv=notrunc 2> /dev/null
strongroom proof verify proof.bad --json > "$scratch/out" 2> "$scratch/err"
[ $? -eq 1 ] && has '.valid == false' 'a changed proof' || no 'a changed proof is taken'

rc 0 '' 'the other form of put' secret put hello --name second --policy 'holder(1)' --key office
rc 2 usage 'put without a name' secret put --policy 'holder(1)' --key office
rc 2 usage 'transfer to nobody' nft transfer 1 --key alice
rc 2 usage 'transfer to two' nft transfer 1 bob --to bob --key alice
rc 0 '' 'the other form of transfer' nft transfer 1 --to bob --key alice
rc 0 '' 'and back' nft transfer 1 alice --key bob

# --- refused by the vault, each by name ---
rc 1 no_such_nft 'an NFT that is not there' nft show 99
rc 1 not_approved 'transferring what is not yours' nft transfer 1 bob --key bob
rc 1 policy_false 'a stranger' secret get "$id" -o none --key bob
rc 1 no_such_secret 'a name nobody knows' secret get nonsense -o none --key bob
rc 1 no_such_secret 'an id nobody knows' secret get 00000000000000000000000000000000 -o none --key bob
rc 1 policy_reference 'a policy about nothing' secret put x hello --policy 'holder(77)' --key office
rc 1 duplicate 'the same name again' secret put note hello --policy 'holder(1)' --key office
rc 1 no_such_version 'a version that is not there' secret get note --version 9 -o none --key alice
rc 1 no_such_switch 'a switch that is not there' switch heartbeat 9 --key office
rc 1 wrong_key "a stranger's heartbeat" switch heartbeat 1 --key eth
rc 1 switch_state 'confirming what is not pending' switch confirm 1 --key alice
rc 1 not_owner "reading another's history" secret history "$id" --key alice
[ ! -e none ] && ok || no 'a refused get wrote its file'

# --- wrong usage, each by name ---
rc 2 usage 'no policy' secret put x hello --key office
rc 2 bad_syntax 'a policy that is not one' secret put x hello --policy 'holder(1) and' --key office
grep -q '\^' "$scratch/err" && ok || no 'no caret under the policy'
rc 2 bad_syntax 'a date that is not one' secret put x hello --policy 'holder(1)' --expires tomorrow --key office
rc 2 not_found 'a file that is not there' secret put x nowhere --policy 'holder(1)' --key office
rc 2 bad_kind 'a directory' secret put x / --policy 'holder(1)' --key office
rc 2 name_bad 'a name with a newline' secret put $'a\nb' hello --policy 'holder(1)' --key office
rc 2 bad_syntax 'an NFT that is no number' nft show one
rc 2 not_found 'an account that is none' nft transfer 1 nobody --key alice
rc 2 bad_hex 'an account cut short' nft transfer 1 ed25519:12 --key alice
rc 2 out_of_range 'a span that is too short' switch create s --interval 10ms --grace 1s --key office
rc 2 bad_syntax 'a span that is none' switch create s --interval soon --grace 1s --key office
rc 2 switch_settings 'guardians needed without any' switch create s --interval 1h --grace 1h --guardians-needed 1 --key office
rc 2 out_of_range 'more guardians needed than there are' switch create s --interval 1h --grace 1h --guardian alice --guardians-needed 2 --key office
rc 1 duplicate 'a guardian twice' switch create s --interval 1h --grace 1h --guardian alice --guardian alice --key office
rc 2 usage '--json with a secret on standard output' secret get note --key alice
rc 2 usage 'audit of nothing' audit --key office
rc 2 bad_kind 'a proof of something else' proof get moon 1 -o none --key office
rc 2 not_a_member 'a node outside the genesis' --node https://127.0.0.1:1 --cluster "$STRONGROOM_CLUSTER" status

# --- the configuration file ---
mkdir -p "$XDG_CONFIG_HOME/strongroom"
config() { printf '%b' "$1" > "$XDG_CONFIG_HOME/strongroom/config.yaml"; }
url=$(strongroom genesis show --json | jq -r '.members[2].url')
config "genesis: $STRONGROOM_CLUSTER/genesis\nnode: $url\nkey: $STRONGROOM_CLUSTER/keys/alice\n"
cluster=$STRONGROOM_CLUSTER
unset STRONGROOM_CLUSTER
rc 0 '' 'a pinned genesis' nft list
has '[.nfts[].nft_id] == [1]' 'the configured key'
rc 0 '' 'a node by its URL' --node "$url" status
config 'genesis: a\ngenesis: b\n'
rc 2 duplicate 'a configuration key twice' status
config 'colour: blue\n'
rc 2 bad_kind 'an unknown configuration key' status
config 'genesis\n'
rc 2 bad_syntax 'a line without a colon' status
config ''
rc 2 usage 'no cluster named' status
export STRONGROOM_CLUSTER=$cluster

# --- a "no" of fewer than a quorum is not the last word ---
strongroom cluster stop "$cluster" --node 2 --kill > /dev/null
strongroom cluster stop "$cluster" --node 3 --kill > /dev/null
rc 3 timed_out 'what two of four refuse' nft transfer 1 bob --key bob --timeout 3
rc 3 timed_out 'what two of four do not know' nft show 99 --timeout 3

# --- another cluster on the pinned ports is not ours: it is asked nothing ---
port=$(sed -n 's/^rpc_listen: .*:\([0-9]*\)$/\1/p' "$cluster/node-0/strongroomd.yaml")
strongroom cluster stop "$cluster" > /dev/null
rc 3 not_reached 'after the stop' nft list alice --timeout 2
strongroom cluster init "$scratch/foreign" --base-port "$port" > /dev/null &&
	strongroom cluster start "$scratch/foreign" > /dev/null || no 'starting a second cluster'
rc 3 not_reached 'a foreign cluster on the same ports' nft list alice --timeout 3
grep -q binding "$scratch/err" && ok || no 'the foreign HTTPS key is not named as the reason'
strongroom cluster stop "$scratch/foreign" > /dev/null || no 'stopping the second cluster'

# --- the completion script is the one the program makes ---
diff -q <(strongroom completion bash) "$root/cli/completion.bash" > /dev/null && ok ||
	no 'cli/completion.bash is old: strongroom completion bash > cli/completion.bash'

report
