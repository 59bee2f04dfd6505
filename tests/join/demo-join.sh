#!/bin/bash
# make demo-join: four nodes, each with a TPM of its own, hold SECRETS secrets while people go on minting. A fifth joins,
# one dies, one lies and is voted out, all shares are dealt anew, and the members of the first day are replaced one
# after another. In the end every secret opens. Says how long each change took, and the longest wait for finality.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/../integration/lib_swtpm.sh"

SECRETS=${SECRETS:-1000} SLOT_MS=300 TPMS=10
JOIN=${JOIN:-$root/build/gcc/tests/join}
case $JOIN in /*) ;; *) JOIN=$root/$JOIN ;; esac
[ -x "$JOIN/load" ] && [ -x "$JOIN/strongroom-enclave" ] || { echo "run make demo-join"; exit 1; }
swtpm_installed || { echo "SKIPPED: swtpm is not installed"; exit 77; }

cd "$scratch" || exit 1
c=$STRONGROOM_CLUSTER
cp "$JOIN/load" bin/load && mkdir bin/liar && cp "$JOIN/strongroom-enclave" bin/liar/ || exit 1
load_pid=
end() {
	[ -n "$load_pid" ] && kill "$load_pid" 2> /dev/null && wait "$load_pid" 2> /dev/null
	for i in $(seq 0 $((TPMS - 1))); do [ -f "tpm-$i/pid" ] && swtpm_off "tpm-$i"; done
	clean_up
}
trap end EXIT
die() {
	echo "FAIL: $1"
	[ -s err ] && tail -n 8 err | sed 's/^/   | /'
	exit 1
}
say() { printf '%s\n' "$*"; }
run() { # WHAT COMMAND...
	local what=$1
	shift
	"$@" > out 2> err < /dev/null || die "$what"
}
field() { jq -r "$1" < out; }
now_ms() { date +%s%3N; }

# --- machines: a TPM each, and a provisioner who vouches for all ---
say "$TPMS machines with a TPM each, measured, and vouched for"
run 'the provisioner' strongroom key new ./provisioner --json
provisioner=$(field .account)
makers=() tcti_of=()
for i in $(seq 0 $((TPMS - 1))); do
	t=$scratch/tpm-$i
	swtpm_make "$t" && swtpm_on "$t" && mkdir "$t/vouchers" || die "TPM $i"
	tcti_of[i]=$tcti
	run measuring strongroom tpm measure --tcti "$tcti" bin/strongroom-enclave bin/strongroomd --json
	measurement=$(field .measurement)
	run public strongroom tpm public --tcti "$tcti" --collateral "$t/collateral" --output "$t/public"
	run challenge strongroom tpm challenge "$t/public" --maker-root "$t/root.pem" --output "$t/challenge"
	run answer strongroom tpm answer "$t/challenge" --tcti "$tcti" --output "$t/answer"
	run vouch strongroom tpm vouch "$t/answer" --state "$t/challenge.state" --key ./provisioner \
		--output "$t/vouchers/mine.vouch"
	makers+=("$(openssl x509 -in "$t/root.pem" -outform DER | sha256sum | cut -d' ' -f1)")
done
jq -n --arg m "$measurement" --arg p "${provisioner#ed25519:}" --args '{ kinds: ["tpm"],
	measurements: [{ kind: "tpm", measurement: $m, from: 0 }], makers: $ARGS.positional,
	provisioners: [$p], provisioners_k: 1, refresh_min: "0s", silence: "10s", window: "30s" }' "${makers[@]}" > policy.json
platform() { # TPM's number: the options that name it
	echo "--tcti ${tcti_of[$1]} --collateral $scratch/tpm-$1/collateral --vouchers $scratch/tpm-$1/vouchers"
}

# --- the first day ---
# shellcheck disable=SC2046
run init strongroom cluster init "$c" --platform tpm $(for i in 0 1 2 3; do platform $i; done) --policy policy.json \
	--slot-ms $SLOT_MS
run start strongroom cluster start "$c"
began=$(now_ms)
run "storing $SECRETS secrets" load fill "$c" list "$SECRETS" 16
[ "$(wc -l < list)" -eq "$SECRETS" ] || die 'secrets are missing from the list'
say "$SECRETS secrets are stored, after $(($(now_ms) - began)) ms; two people go on minting"
load run "$c" going 2 > going.out 2> going.err &
load_pid=$!
quiet_from=$(now_ms)
until_true 30 test -s going || die 'nobody goes on'
sleep 5     # what is usual while nothing changes

changes=
change() { # WHAT COMMAND...: prints its time
	local what=$1 from=$(now_ms)
	shift
	"$@" || die "$what"
	changes="$changes $from:$(now_ms)"
	printf '  %-46s %6.1f s\n' "$what" "$(bc <<< "scale=1; ($(now_ms) - $from) / 1000")"
}
join() { # TPM's number
	# shellcheck disable=SC2046
	strongroom cluster join "$c" --platform tpm $(platform "$1") --json > out 2> err < /dev/null
}
leave() { strongroom node leave "$c/node-$1" --json > out 2> err < /dev/null; }
members() { strongroom node list --json 2> /dev/null | jq -r '[.members[].name] | sort | join(" ")'; }
without() { ! members | grep -qw "node-$1"; }

quiet_until=$(now_ms)
change 'a fifth member joins' join 4
dies() { strongroom cluster stop "$c" --node 1 --kill > out 2> err && until_true 120 without 1; }
change 'one dies, and is voted out as silent' dies
change 'another takes its seat' join 5
lies() {
	strongroom cluster stop "$c" --node 2 > out 2> err || return 1
	echo "enclave_program: $scratch/bin/liar/strongroom-enclave" >> "$c/node-2/strongroomd.yaml"
	# It may be voted out before it is seen to be ready.
	strongroom cluster start "$c" --node 2 --no-wait > out 2> err
	until_true 120 without 2
}
change 'one votes twice, and is voted out for it' lies
refresh() { strongroom node refresh "$c/node-4" --json > out 2> err < /dev/null; }
change 'every share is dealt anew' refresh
change 'one joins' join 6
change 'the first one leaves' leave 0
change 'one joins' join 7
change 'the last one of the first day leaves' leave 3
ended=$(now_ms)
say "members now: $(members)"
[ "$(members)" = 'node-4 node-5 node-6 node-7' ] || die 'other members than expected'

kill "$load_pid" && wait "$load_pid" 2> /dev/null
load_pid=

# --- what they saw ---
every=$(((SECRETS + 999) / 1000))
run "opening the secrets (every ${every}th): $(tail -n 2 err 2> /dev/null)" load open "$c" list 8 "$every"
say "$(cat out) (every ${every}. of $SECRETS)"
awk '$3 != "ok"' going > refused
[ -s refused ] && die "operations failed: $(head -n 2 refused)"
longest() { awk -v a="$1" -v b="$2" '$1 + $2 / 1000 >= a && $1 <= b && $2 > m { m = $2 } END { print int(m / 1000) }' going; }
usual=$(longest "$quiet_from" "$quiet_until")
worst=0
for w in $changes; do
	m=$(longest "${w%:*}" "${w#*:}")
	[ "$m" -gt "$worst" ] && worst=$m
done
say "operations: $(wc -l < going) in $(((ended - quiet_from) / 1000)) s, all final"
say "longest wait for finality: $usual ms while nothing changed, $worst ms while something did (a slot: $SLOT_MS ms)"
because=$((worst > usual ? worst - usual : 0))
say "because of a change: $because ms"
[ $because -le $((3 * SLOT_MS)) ] || die 'a change made somebody wait for more than three slots'
run stop strongroom cluster stop "$c"
say 'all is well'
