# A week of blocks: what they leave on a node's disk day by day, where the archive ends (ARCHIVE_BLOCKS, the default of
# strongroomd.yaml), and how large safety.log gets between checkpoints. The blocks of NODES cores in virtual time, the
# product's log, store and archive, real files (week.c says what is played); nothing is synced. First nobody comes for
# DAYS days; then RATE operations a second for a day, each of which makes a block at once
# (RATE= leaves that out). Sizes have no spread: one run.
. "$(dirname "$0")/../lib.sh"
DAYS=${DAYS:-7} NODES=${NODES:-4} RATE=${RATE-1} ARCHIVE_BLOCKS=${ARCHIVE_BLOCKS:-$("$BIN/strongroomd" --sample-config | sed -n 's/^archive_blocks: //p')}
mib() { awk "BEGIN { printf \"%.2f\", $1 / 1048576 }"; }

week() { # RATE DAYS
	local day all log state archive kept blocks ms made block
	mkdir "week-$1" || die "week-$1"
	bench-week "week-$1" "$2" "$1" "$ARCHIVE_BLOCKS" "$NODES" > out 2> err || { tail -n 3 err >&2; die "a week at $1 a second"; }
	while read -r day all log state archive kept blocks ms; do
		figure week.disk MiB lower rate="$1" nodes="$NODES" day="$day" -- "$(mib "$all")"
		figure week.archive MiB lower rate="$1" nodes="$NODES" day="$day" -- "$(mib "$archive")"
		figure week.state MiB lower rate="$1" nodes="$NODES" day="$day" -- "$(mib "$state")"
		figure week.log MiB lower rate="$1" nodes="$NODES" day="$day" -- "$(mib "$log")"
		figure week.kept blocks higher rate="$1" nodes="$NODES" day="$day" -- "$kept"
		made=$blocks block=$((archive / kept))
	done < out
	figure week.blocks 'blocks a day' lower rate="$1" nodes="$NODES" -- "$made"
	figure week.block B lower rate="$1" nodes="$NODES" -- "$block"
	rm -rf "week-$1"
}
week 0 "$DAYS"
[ -z "$RATE" ] || week "$RATE" 1
