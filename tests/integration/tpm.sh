#!/bin/bash
# Distributor-level attestation by the command line: a node's software TPM, a provisioner, and those who cheat.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_swtpm.sh"

swtpm_installed || { echo "SKIPPED: swtpm is not installed"; exit 77; }

field() { jq -r ".$1" < "$scratch/out"; }

cd "$scratch" || exit 1
swtpm_make mine && swtpm_make other || { echo "FAIL: swtpm_setup"; exit 1; }
trap 'swtpm_off mine; swtpm_off other; clean_up' EXIT
swtpm_on mine && mine=$tcti && swtpm_on other && other=$tcti || { echo "FAIL: swtpm"; exit 1; }
rc 0 '' 'a key' key new ./provisioner

rc 1 platform 'no TPM there' tpm public --tcti swtpm:host=127.0.0.1,port=1 --output public
rc 2 usage 'no output' tpm public --tcti "$mine"
rc 0 '' 'public' tpm public --tcti "$mine" --collateral mine/collateral --output public
ak=$(field ak)
rc 1 in_use 'public again' tpm public --tcti "$mine" --collateral mine/collateral --output public
rc 2 usage 'a challenge without roots' tpm challenge public --output challenge
rc 1 chain_bad "another maker's TPM" tpm challenge public --maker-root other/root.pem --output challenge
rc 1 chain_bad 'a root that is none' tpm challenge public --maker-root public --output challenge
[ ! -e challenge ] && [ ! -e challenge.state ] && ok || no 'a refused challenge left something behind'
rc 0 '' 'a challenge' tpm challenge public --maker-root other/root.pem --maker-root mine/root.pem --output challenge
[ "$(field ak)" = "$ak" ] && ok || no 'another key is challenged'
[ "$(stat -c %a challenge.state)" = 600 ] && ok || no "the state's mode"

rc 1 decrypt_failed 'another TPM answers' tpm answer challenge --tcti "$other" --output answer
rc 1 bad_version 'an answer to something else' tpm answer public --tcti "$mine" --output answer
rc 0 '' 'the TPM answers' tpm answer challenge --tcti "$mine" --output answer
rc 0 '' 'another challenge' tpm challenge public --maker-root mine/root.pem --output challenge2
rc 1 bad_proof 'an answer to another challenge' tpm vouch answer --state challenge2.state --key ./provisioner --output vouch
[ -e challenge2.state ] && [ ! -e vouch ] && ok || no 'a refused answer'
rc 0 '' 'ethereum' key new ./ethereum --kind ethereum
rc 2 bad_kind 'an Ethereum key' tpm vouch answer --state challenge.state --key ./ethereum --output vouch
rc 0 '' 'vouched' tpm vouch answer --state challenge.state --key ./provisioner --output vouch
[ "$(stat -c %s vouch)" = 170 ] && [ ! -e challenge.state ] && ok || no 'the voucher'
rc 1 not_found 'one challenge, one voucher' tpm vouch answer --state challenge.state --key ./provisioner --output vouch2

rc 0 '' 'measuring' tpm measure --tcti "$mine" public challenge
[ "$(field extended)" = true ] && ok || no 'measured'
measurement=$(field measurement)
rc 0 '' 'measuring again' tpm measure --tcti "$mine" public challenge
[ "$(field extended)" = false ] && [ "$(field measurement)" = "$measurement" ] && ok || no 'measured again'
rc 1 in_use 'measuring something else' tpm measure --tcti "$mine" public
rc 0 '' 'measuring on top' tpm measure --tcti "$mine" --after-others public
[ "$(field measurement)" != "$measurement" ] && ok || no 'measured on top'
swtpm_off mine && swtpm_on mine && mine=$tcti || no 'restarting swtpm'
rc 0 '' 'measuring after a reset' tpm measure --tcti "$mine" public challenge
[ "$(field measurement)" = "$measurement" ] && ok || no 'the same measurement after a reset'
rc 0 '' 'public after a reset' tpm public --tcti "$mine" --collateral mine/collateral --output public2
cmp -s public public2 && ok || no 'the same key after a reset'

# --- a node whose sealing key only its machine gives ---
c=$STRONGROOM_CLUSTER node=$STRONGROOM_CLUSTER/node-0
rc 0 '' 'a cluster' cluster init "$c"
printf 'platform: tpm\nplatform_tcti: "%s"\n' "$mine" >> "$node/strongroomd.yaml"
rc 1 not_found 'sealing nothing' tpm seal . --tcti "$mine"
rc 0 '' 'sealed' tpm seal "$node" --tcti "$mine"
[ ! -e "$node/sealing.key" ] && [ "$(stat -c %a "$node/sealing.sealed")" = 600 ] && ok || no 'a sealed key only'
rc 1 not_found 'sealed again' tpm seal "$node" --tcti "$mine"
rc 0 '' 'the cluster starts' cluster start "$c"
rc 0 '' 'a key of a person' key new ./alice
rc 0 '' 'it works' nft mint one --key ./alice
# No argument, environment or file holds the key: it unseals only.
rc 0 '' 'as a file again, elsewhere' tpm unseal "$node" --tcti "$mine"
key=$(od -An -v -tx1 "$node/sealing.key" | tr -d ' \n')
grep -qa "$key" /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null && no 'the key is in an argument' || ok
rc 0 '' 'sealed once more' tpm seal "$node" --tcti "$mine"
# Other software: the key stays shut, the node says why, and the others go on.
rc 0 '' 'one stops' cluster stop "$c" --node 0
rc 0 '' 'something else is measured' tpm measure --tcti "$mine" --after-others public challenge public
: > "$node/log"
strongroom cluster start "$c" --node 0 --no-wait > "$scratch/out" 2> "$scratch/err"
until_true 20 grep -q 'does not unseal: this is another machine' "$node/log" && ok || no 'why it does not start'
rc 1 decrypt_failed 'unsealing in another state' tpm unseal "$node" --tcti "$mine"
[ ! -e "$node/sealing.key" ] && ok || no 'a refused unseal left a key'
rc 0 '' 'the others go on' nft mint two --key ./alice
rc 0 '' 'all stop' cluster stop "$c"
# As it was started before, and the node is there again.
swtpm_off mine && swtpm_on mine && [ "$tcti" != '' ] || no 'restarting swtpm'
sed -i "s|^platform_tcti:.*|platform_tcti: \"$tcti\"|" "$node/strongroomd.yaml"
rc 0 '' 'measuring as before' tpm measure --tcti "$tcti" public challenge
rc 0 '' 'all start' cluster start "$c"
rc 0 '' 'stop' cluster stop "$c"

report
