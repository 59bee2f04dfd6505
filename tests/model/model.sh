#!/bin/bash
# Runs Spin on the models of this folder (docs/MODEL.md).  model.sh quick | full | one NAME
# JOBS searches run at once. What holds must be searched to its end (or says how far it came); each
# mutant and each goal must be found, by the assertion that is named here.
set -u
cd "$(dirname "$0")/../.." || exit 2
here=$PWD/tests/model
what=${1:-full} JOBS=${JOBS:-2}

# when  name  wants  model  macros  pan: C flags  pan: arguments
#   when: q quick and full, f full only; wants: holds, or the assertion that must be violated
#   -: every state is stored; BITSTATE: bits of a hash of each, so that one may hide another
#   -QN ends a search after N minutes; those go at random (T_RAND, seed -RS), to see a bit of everything
table() {
	local bits='-DBITSTATE'
	cat <<- END
		f three-slots holds slot_simplex SLOTS=3 $bits -w33,-k3
		f three-slots-restart holds slot_simplex SLOTS=3,RESTARTS=1 $bits,-DT_RAND -w33,-k3,-Q2,-RS11
		f three-slots-epoch holds slot_simplex SLOTS=3,EPOCH $bits,-DT_RAND -w33,-k3,-Q1,-RS12
		f four-slots-restart holds slot_simplex SLOTS=4,STRAIGHT,RESTARTS=1 $bits,-DT_RAND -w33,-k3,-Q1,-RS13
		q two-slots holds slot_simplex SLOTS=2,HEAL - -
		q two-slots-epoch holds slot_simplex SLOTS=2,EPOCH - -
		q two-slots-restart holds slot_simplex SLOTS=2,RESTARTS=1 - -
		f two-slots-two-restarts holds slot_simplex SLOTS=2,RESTARTS=2 - -
		q switch holds switch - - -
		q status-to-frontier no_double_vote slot_simplex SLOTS=4,STRAIGHT,RESTARTS=1,M_STATUS_TO_FRONTIER $bits -w28
		q no-exclusion no_conflicting_finals slot_simplex SLOTS=2,HARM,M_EXCLUSION - -
		q no-gap-check no_conflicting_finals slot_simplex SLOTS=2,HARM,M_GAP - -
		f quorum-minus-one no_conflicting_finals slot_simplex SLOTS=2,HARM,QUORUM=2 - -
		f quorum-minus-two no_conflicting_finals slot_simplex SLOTS=2,HARM,QUORUM=1 - -
		f wrong-last-final-parent no_conflicting_finals slot_simplex SLOTS=2,HARM,M_LAST_FINAL - -
		f amnesia no_conflicting_finals slot_simplex SLOTS=2,HARM,RESTARTS=1,M_AMNESIA - -
		f floor-too-low no_double_vote slot_simplex SLOTS=2,RESTARTS=1,M_FLOOR - -
		f recovering-counted no_double_vote slot_simplex SLOTS=3,STRAIGHT,RESTARTS=2,M_RECOVERING_COUNTED $bits -w31
		f rollback-nobody-saw no_conflicting_finals slot_simplex SLOTS=2,HARM,RESTARTS=1,HIDDEN - -
		f two-closes one_next_roster slot_simplex SLOTS=2,HARM,EPOCH,M_TWO_CLOSE - -
		f operations-after-close nothing_after_close slot_simplex SLOTS=2,HARM,EPOCH,M_CLOSE_FULL - -
		f no-skip-after-notar all_may_skip slot_simplex SLOTS=2,HEAL,M_SKIP_AFTER_NOTAR - -
		q goal-chain-final out_of_reach slot_simplex SLOTS=2,REACH=1 - -
		f goal-skipped-though-notarised out_of_reach slot_simplex SLOTS=2,REACH=2 - -
		f goal-notarised-though-skipped out_of_reach slot_simplex SLOTS=2,REACH=3 - -
		f goal-back-after-restart out_of_reach slot_simplex SLOTS=3,STRAIGHT,RESTARTS=1,REACH=4 $bits -w31
		f goal-close-final out_of_reach slot_simplex SLOTS=2,EPOCH,REACH=5 - -
		q outage-is-uptime chance switch M_OUTAGE_COUNTS - -
		q no-cap chance switch M_NO_CAP - -
		f no-grace grace_seen switch M_NO_GRACE - -
		f heartbeat-ignored state switch M_BEAT_IGNORED - -
		f guardians-skipped heard switch M_GUARDIANS - -
		f ingress-by-f-votes chance switch M_FAULTS_VOTES - -
		f no-amnesty chance_since switch M_NO_AMNESTY - -
		f amnesty-for-ever quiet switch M_AMNESTY_FOR_EVER - -
		f frozen-fires frozen switch M_FROZEN_FIRES - -
		f moves-in-an-outage honest_up switch M_MOVES_IN_OUTAGE - -
		f pause-keeps-interval chance switch M_PAUSE_KEEPS_INTERVAL - -
		f goal-fires state switch REACH=1 - -
		f goal-held-back grace_seen switch REACH=2 - -
		f goal-frozen-pending frozen switch REACH=3 - -
	END
}

# The closing lines of pan, in one: states, depth, and whether it saw all of them.
figures() {
	awk '
		/states, stored/ && !states { states = $1 }
		/depth reached/ { sub(/.*depth reached /, ""); depth = $1 + 0 }
		/errors:/ { n = $0; sub(/.*errors: /, "", n) }
		/hash factor:/ { factor = $3 }
		/elapsed time/ { seconds = $4 }
		/[Tt]ime limit|Interrupted|max search depth too small|out of memory/ { cut = 1 }
		END {
			how = cut ? "not finished: the time is up" : "complete"
			if (factor && !cut) how = how sprintf(", bitstate, %s of the states seen (hash factor %d)",
				factor > 100 ? "over 99.9 %" : factor > 10 ? "over 98 %" : "under 98 %", factor)
			else how = how (factor ? ", bitstate" : ", every state stored")
			printf "%s states, depth %d, %d s, %s\n", states, depth, seconds, how
		}' "$1"
}

one() { # a line of the table
	local name=$2 wants=$3 model=$4 macros=$5 flags=$6 args=$7 dir log found defs= rc=0
	dir=$(mktemp -d) log=$(mktemp)
	trap 'rm -rf "$dir" "$log"' RETURN
	[ "$macros" = - ] || defs="-D${macros//,/ -D}"
	[ "$flags" = - ] && flags=
	[ "$args" = - ] && args=
	# shellcheck disable=SC2086
	(cd "$dir" && spin -a $defs "$here/$model.pml" > spin.log 2>&1 &&
		gcc -O2 -w -DSAFETY -DNOREDUCE -DMEMLIM=2800 ${flags//,/ } pan.c -o pan &&
		./pan -m2000000 ${args//,/ } > "$log" 2>&1) || rc=$?
	found=$(sed -n 's/^pan:[0-9]*: assertion violated *//p' "$log" | head -n 1)
	if [ $rc -ne 0 ] && [ -z "$found" ] && ! grep -q 'states, stored' "$log"; then
		echo "FAIL  $name: spin or pan does not run: $(tail -n 3 "$dir/spin.log" "$log" | tr '\n' ' ')"
	elif [ "$wants" = holds ] && grep -q 'errors: 0' "$log"; then
		echo "ok    $name holds: $(figures "$log")"
	elif [ "$wants" != holds ] && [[ $found == *"$wants"* ]]; then
		echo "ok    $name is found by: ${found% (at depth*}"
	else
		echo "FAIL  $name (wants: $wants): ${found:-no violation}; $(figures "$log")"
		echo "      read the trail: cd $here, docs/MODEL.md; macros: $defs"
	fi
}

case $what in
line)
	shift
	one "$@"
	exit
	;;
one) lines=$(table | awk -v name="$2" '$2 == name') ;;
quick) lines=$(table | grep '^q') ;;
full) lines=$(table) ;;
*) echo "model.sh: quick, full or one NAME" >&2; exit 2 ;;
esac
command -v spin > /dev/null || { echo 'SKIPPED: spin is not installed (make deps)'; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
# xargs splits a line into the arguments of one.
echo "$lines" | nice xargs -P "$JOBS" -L 1 "$here/model.sh" line | tee "$out"
passed=$(grep -c '^ok ' "$out") failed=$(grep -c '^FAIL' "$out")
[ $((passed + failed)) -eq "$(echo "$lines" | wc -l)" ] || failed=$((failed + 1))
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
