#!/bin/bash
# make bench: runs the rows (rows/*.sh), one after another, and writes OUT/report.json and OUT/report.html. ROWS names some
# of them; LARGE=1 makes them large. A row that fails leaves no figure, is named in the report, and fails the whole.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root" || exit 1
OUT=${OUT:-build/gcc/bench} LARGE=${LARGE:-} RUNS=${RUNS:-5}
# In the order in which people ask: limits and peers stand beside what is measured against them.
all='limits split throughput load latency release idle payload tang clients nodes links records week'
ROWS=${ROWS:-$all}
for row in $ROWS; do
	[ -f "$here/rows/$row.sh" ] || { echo "there is no row $row; there are: $all"; exit 2; }
done
mkdir -p "$OUT" || exit 1
case $OUT in /*) ;; *) OUT=$root/$OUT ;; esac
FIGURES=$OUT/figures.jsonl
"$here/machine.sh" > "$FIGURES" || exit 1
export FIGURES OUT LARGE RUNS BIN PROGRAMS LOAD

# Whoever else works on this machine works on these figures too.
busy=$(awk -v cores="$(nproc)" '$1 > cores / 4 { print $1 }' /proc/loadavg)
[ -z "$busy" ] || {
	echo "*** THIS MACHINE IS BUSY: a load of $busy on $(nproc) cores. The report says so."
	jq -cn --arg n "the machine was busy when this began: a load of $busy on $(nproc) cores" '{ note: $n }' >> "$FIGURES"
}
[ "$RUNS" -ge 5 ] || jq -cn --arg n "only $RUNS runs of each: to see that it works, not to be believed" '{ note: $n }' >> "$FIGURES"
failed=0
for row in $ROWS; do
	from=$SECONDS
	printf '== %s\n' "$row"
	if ! bash "$here/rows/$row.sh"; then
		failed=$((failed + 1))
		jq -cn --arg row "$row" '{ failed: $row }' >> "$FIGURES"
		printf '*** THE ROW %s FAILED\n' "$row"
	fi
	printf '   %s took %d s\n' "$row" $((SECONDS - from))
done
"$here/report.pl" --json "$OUT/report.json" --html "$OUT/report.html" --md "$OUT/report.md" "$FIGURES" || exit 1
echo "$OUT/report.json, $OUT/report.html"
echo "$((SECONDS / 60)) min $((SECONDS % 60)) s"
[ "$failed" -eq 0 ]
