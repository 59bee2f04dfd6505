#!/bin/bash
# Evidence renewed by hand in a cluster of real processes, each with a (software) TPM: a member whose machine gives none
# any more is helped by a stranger and by its operator; who brings too early, or another machine's, does not.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_swtpm.sh"

swtpm_installed || { echo "SKIPPED: swtpm is not installed"; exit 77; }

get() { jq -r ".$1" < out; }

cd "$scratch" || exit 1
c=$STRONGROOM_CLUSTER
trap 'for i in 0 1 2 3; do [ -f tpm-$i/pid ] && swtpm_off tpm-$i; done; clean_up' EXIT

# --- four machines, measured and vouched for ---
rc 0 '' provisioner key new ./provisioner
provisioner=$(get account)
makers=() platforms=()
for i in 0 1 2 3; do
	t=$scratch/tpm-$i
	swtpm_make "$t" && swtpm_on "$t" && mkdir "$t/vouchers" || { echo "FAIL: TPM $i"; exit 1; }
	rc 0 '' measuring tpm measure --tcti "$tcti" bin/strongroom-enclave bin/strongroomd
	measurement=$(get measurement)
	rc 0 '' public tpm public --tcti "$tcti" --collateral "$t/collateral" --output "$t/public"
	rc 0 '' challenge tpm challenge "$t/public" --maker-root "$t/root.pem" --output "$t/challenge"
	rc 0 '' answer tpm answer "$t/challenge" --tcti "$tcti" --output "$t/answer"
	rc 0 '' vouch tpm vouch "$t/answer" --state "$t/challenge.state" --key ./provisioner --output "$t/vouchers/mine.vouch"
	makers+=("$(openssl x509 -in "$t/root.pem" -outform DER | sha256sum | cut -d' ' -f1)")
	platforms+=(--tcti "$tcti" --collateral "$t/collateral" --vouchers "$t/vouchers")
done
# Evidence is old after a minute; the platforms that are asked then renew it.
jq -n --arg m "$measurement" --arg p "${provisioner#ed25519:}" --args '{ kinds: ["tpm"],
	measurements: [{ kind: "tpm", measurement: $m, from: 0 }], makers: $ARGS.positional, provisioners: [$p],
	provisioners_k: 1, refresh_min: "0s", reattest: "1m", lapse: "10m" }' "${makers[@]}" > policy.json
rc 0 '' init cluster init "$c" --platform tpm "${platforms[@]}" --policy policy.json
rc 0 '' start cluster start "$c"
rc 0 '' stranger key new ./stranger

member() { strongroom node list --json 2> /dev/null | jq -r ".members[] | select(.name == \"node-3\") | .$1"; }
is_due() { member warnings | grep -q 'evidence due'; }
fresh() { [ "$(member age_ms)" -lt 20000 ]; }
tcti_in() { grep -o 'swtpm:[^" ]*' "$1/entry"; }

until_true 30 test -n "$(member seat)" && ok || no 'the members tell of themselves'
rc 1 too_early 'a stranger, when nothing is due' node reattest "$c/node-3" --operator-key ./stranger
rc 0 '' 'the operator, at any time' node reattest "$c/node-3" --timeout 60
fresh && ok || no 'what the operator brought counts'

# --- its host is down: its TPM is there, and nobody asks it ---
rc 0 '' 'its host goes' cluster stop "$c" --node 3 --kill
until_true 150 is_due && ok || no 'its evidence gets old'
cp -r "$c/node-3" other
sed -i "s|$(tcti_in other)|$(tcti_in "$c/node-2")|" other/entry
rc 1 chain_bad "the operator with another machine's" node reattest other --timeout 60
is_due && ok || no "another machine's evidence counts for nothing"
rc 0 '' 'a stranger, when it is due' node reattest "$c/node-3" --operator-key ./stranger --timeout 60
fresh && ok || no 'what a stranger brought counts'
is_due && no 'it is due no more' || ok
rc 0 '' 'its host is back' cluster start "$c" --node 3
rc 0 '' 'a key' key new
rc 0 '' 'it goes on' nft mint 'go on'

report
