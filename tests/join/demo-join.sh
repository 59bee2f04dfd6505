#!/bin/bash
# make demo-join: four nodes, each with a TPM of its own, hold SECRETS secrets while people go on minting. A fifth joins,
# one dies, one lies and is voted out, all shares are dealt anew, and the members of the first day are replaced one
# after another.
#
# The rules, all of which must hold:
# 1. What was stored opens: every secret when there are at most 1,000, else a sample of 1,000 chosen by SEED (printed).
#    And nothing is missing: the subtrees with all secrets and all their versions have the roots they had at the start,
#    proven under a quorum's signatures before and after.
# 2. Every operation of those who go on is final. An operation's wait runs from its first signature to a receipt that
#    f+1 members confirm; asking again, following the trail and signing again for a new epoch are all part of it.
# 3. No wait is longer than three slots while anything changes: from the start of the first change to the end of the
#    load, pauses between changes included. The longest wait itself counts, nothing is taken off. Only when the machine
#    was busy before this began (more processes ready to run than it has cores) is the longest wait of the quiet time
#    taken off, and this is said: such a run shows less.
# 4. Each change's time is printed: as its person sees it, and from its start to the new epoch by block time, without a
#    joiner's snapshot. Times of other counts that were run before stand beside it.
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/../integration/lib_swtpm.sh"

SECRETS=${SECRETS:-1000} SLOT_MS=300 TPMS=10 QUIET_S=20
SEED=${SEED:-$((RANDOM * 32768 + RANDOM + 1))}
busy=$(awk -v cores="$(nproc)" '$1 > cores { print $1 }' /proc/loadavg)
JOIN=${JOIN:-$root/build/gcc/tests/join}
LOAD=${LOAD:-$root/build/gcc/tests/load/load}
case $JOIN in /*) ;; *) JOIN=$root/$JOIN ;; esac
case $LOAD in /*) ;; *) LOAD=$root/$LOAD ;; esac
[ -x "$LOAD" ] && [ -x "$JOIN/strongroom-enclave" ] || { echo "run make demo-join"; exit 1; }
swtpm_installed || { echo "SKIPPED: swtpm is not installed"; exit 77; }

cd "$scratch" || exit 1
c=$STRONGROOM_CLUSTER
cp "$LOAD" bin/load && mkdir bin/liar && cp "$JOIN/strongroom-enclave" bin/liar/ || exit 1
pids=
load_end() {
	local pid
	for pid in $pids; do kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null; done
	pids=
}
end() {
	local rc=$?
	load_end
	# KEEP: a directory for what was measured.
	[ -n "${KEEP:-}" ] && mkdir -p "$KEEP" && cp -f going epochs changes "$c"/node-*/log "$KEEP" 2> /dev/null
	for i in $(seq 0 $((TPMS - 1))); do [ -f "tpm-$i/pid" ] && swtpm_off "tpm-$i"; done
	(exit "$rc")
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
seconds() { bc <<< "scale=2; $1 / 1000" | sed 's/^\./0./'; } # MS

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
	provisioners: [$p], provisioners_k: 1, refresh_min: "0s", silence: "10s", window: "300s" }' "${makers[@]}" > policy.json
platform() { # TPM's number: the options that name it
	echo "--tcti ${tcti_of[$1]} --collateral $scratch/tpm-$1/collateral --vouchers $scratch/tpm-$1/vouchers"
}

# --- the first day ---
if [ -n "$busy" ]; then
	say "*** THIS MACHINE IS BUSY: a load of $busy on $(nproc) cores. Waits below are compared with those of the quiet time."
fi
# shellcheck disable=SC2046
run init strongroom cluster init "$c" --platform tpm $(for i in 0 1 2 3; do platform $i; done) --policy policy.json \
	--slot-ms $SLOT_MS
run start strongroom cluster start "$c"
began=$(now_ms)
people=$((SECRETS / 16 < 4 ? 4 : SECRETS / 16 > 256 ? 256 : SECRETS / 16))
say "storing $SECRETS secrets of $people people"
load fill "$c" list "$SECRETS" "$people" 2> err || die "storing $SECRETS secrets"
[ "$(wc -l < list)" -eq "$SECRETS" ] || die 'secrets are missing from the list'
say "$SECRETS secrets are stored, after $(seconds $(($(now_ms) - began))) s; two people go on minting"
load run "$c" going 2 > going.out 2> going.err &
pids=$!
load watch "$c" epochs > watch.out 2> watch.err &
pids="$pids $!"
until_true 30 test -s going || die 'nobody goes on'
run 'the roots of all secrets' load roots "$c" list
cp out roots
say "roots: $(tr '\n' ' ' < roots)"
quiet_from=$(now_ms)
sleep $QUIET_S     # what is usual while nothing changes
quiet_until=$(now_ms)

# A line of the table: what, from, until (unix ms), the joiner's number or -
change() { # WHAT JOINER COMMAND...
	local what=$1 joiner=$2 from
	from=$(now_ms)
	shift 2
	"$@" || die "$what"
	printf '%s\t%s\t%s\t%s\n' "$what" "$from" "$(now_ms)" "$joiner" >> changes
	printf '  %-42s %6s s\n' "$what" "$(seconds $(($(now_ms) - from)))"
}
join() { # TPM's number
	# shellcheck disable=SC2046
	strongroom cluster join "$c" --platform tpm $(platform "$1") --timeout 600 --json > out 2> err < /dev/null
}
leave() { strongroom node leave "$c/node-$1" --json > out 2> err < /dev/null; }
members() { strongroom node list --json 2> /dev/null | jq -r '[.members[].name] | sort | join(" ")'; }
without() { ! members | grep -qw "node-$1"; }

change 'a fifth member joins' 4 join 4
dies() { strongroom cluster stop "$c" --node 1 --kill > out 2> err && until_true 120 without 1; }
change 'one dies, and is voted out as silent' - dies
change 'another takes its seat' 5 join 5
lies() {
	strongroom cluster stop "$c" --node 2 > out 2> err || return 1
	echo "enclave_program: $scratch/bin/liar/strongroom-enclave" >> "$c/node-2/strongroomd.yaml"
	# It may be voted out before it is seen to be ready.
	strongroom cluster start "$c" --node 2 --no-wait > out 2> err
	until_true 120 without 2
}
change 'one votes twice, and is voted out for it' - lies
refresh() { strongroom node refresh "$c/node-4" --json > out 2> err < /dev/null; }
change 'every share is dealt anew' - refresh
change 'one joins' 6 join 6
change 'the first one leaves' - leave 0
change 'one joins too' 7 join 7
change 'the last one of the first day leaves' - leave 3
say "members now: $(members)"
[ "$(members)" = 'node-4 node-5 node-6 node-7' ] || die 'other members than expected'
sleep 2     # what a change leaves behind
ended=$(now_ms)
run 'the roots of all secrets' load roots "$c" list
cmp -s out roots || die "the secrets are not those of the start: $(tr '\n' ' ' < out)"
load_end

# --- what they saw ---
# Of the operations that were under way between two times: how many, then p50, p99 and the longest wait in ms.
waits() { # FROM UNTIL
	awk -v a="$1" -v b="$2" '$1 + $2 / 1000 >= a && $1 < b { print int($2 / 1000) }' going | sort -n |
		awk '{ v[NR] = $1 } END { print NR + 0, v[int((NR + 1) / 2)] + 0, v[int(NR * 0.99 + 0.999)] + 0, v[NR] + 0 }'
}
# When a joiner had the state and began to follow (unix ms).
state_here() { # NODE
	date -d "$(grep -m 1 'the state is here' "$c/node-$1/log" | grep -o '[0-9T:.-]*Z')" +%s%3N
}
# The epoch that began last between two times: how long its change took by block time, less what of it a joiner waited
# for the state.
handover() { # FROM UNTIL JOINER
	local here=0
	[ "$3" = - ] || here=$(state_here "$3")
	awk -v a="$1" -v b="$2" -v here="$here" '$3 >= a - 1000 && $3 <= b { from = $2 > here ? $2 : here; ms = $3 - from }
		END { print ms + 0 }' epochs
}
snapshot() { # JOINER: from its start
	local first
	[ "$1" = - ] && echo - && return
	first=$(date -d "$(grep -m 1 -o '^[0-9T:.-]*Z' "$c/node-$1/log")" +%s%3N)
	seconds $(($(state_here "$1") - first))
}

record=$JOIN/changes-$SECRETS
: > "$record.new"
say
row='%-42s %8s %9s %9s %6s %5s %5s %6s\n'
# shellcheck disable=SC2059
printf "$row" "with $SECRETS secrets" 'whole' 'snapshot' 'handover' 'ops' 'p50' 'p99' 'max'
# shellcheck disable=SC2046,SC2059
printf "$row" 'nothing changes' "$QUIET_S s" - - $(waits "$quiet_from" "$quiet_until")
next_from() { awk -F '\t' -v n="$1" -v e="$ended" 'NR == n + 1 { f = $2 } END { print f == "" ? e : f }' changes; }
number=0
while IFS=$'\t' read -r what from until joiner; do
	number=$((number + 1))
	ms=$(handover "$from" "$until" "$joiner")
	# shellcheck disable=SC2046,SC2059
	printf "$row" "$what" "$(seconds $((until - from))) s" "$(snapshot "$joiner")" "$(seconds "$ms") s" \
		$(waits "$from" "$(next_from $number)")
	printf '%s\t%s\n' "$what" "$ms" >> "$record.new"
done < changes
mv "$record.new" "$record"
for other in "$JOIN"/changes-*; do
	[ "$other" = "$record" ] && continue
	say "handover with ${other##*-} secrets, and with $SECRETS:"
	awk -F '\t' 'NR == FNR { was[$1] = $2; next } was[$1] > 0 {
		printf "  %-42s %6.2f s %6.2f s  %+4.0f %%\n", $1, was[$1] / 1000, $2 / 1000, ($2 / was[$1] - 1) * 100
		a += was[$1]; b += $2
	} END { if (a > 0) printf "  %-42s %6.2f s %6.2f s  %+4.0f %%\n", "all", a / 1000, b / 1000, (b / a - 1) * 100 }' \
		"$other" "$record"
done
awk '$3 != "ok"' going > refused
[ -s refused ] && die "operations failed: $(head -n 2 refused)"
read -r _ _ _ usual <<< "$(waits "$quiet_from" "$quiet_until")"
read -r ops _ _ worst <<< "$(waits "$(awk -F '\t' 'NR == 1 { print $2 }' changes)" "$ended")"
say "$ops operations while things changed, all final; the longest wait: $worst ms (while nothing changed: $usual ms)"
limit=$((3 * SLOT_MS + (${#busy} > 0 ? usual : 0)))
[ -z "$busy" ] || say "*** THE MACHINE WAS BUSY: at most $limit ms are allowed instead of $((3 * SLOT_MS))"
[ "$worst" -le $limit ] || die "somebody waited longer than three slots ($limit ms)"

count=$((SECRETS > 1000 ? 1000 : SECRETS))
# Opening counts releases, so the roots were taken before.
run "opening secrets (seed $SEED)" load open "$c" list 16 $count "$SEED"
say "$(cat out) of $SECRETS stored$([ $count -lt "$SECRETS" ] && echo ", chosen by seed $SEED"); all records are there"
run stop strongroom cluster stop "$c"
say 'all is well'
