#!/bin/bash
# The harness itself, in half a minute: a few rows with one short run each must give a report that has their figures, and
# a row that fails must be named and fail the whole.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d "${TMPDIR:-/tmp}/strongroom-bench-XXXXXX") || exit 1
trap 'rm -rf "$out"' EXIT
passed=0 failed=0
check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" > "$out/check" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL: $name"
		tail -n 5 "$out/check" "$out/log" 2> /dev/null
	fi
}
has() { jq -e --arg n "$1" '[.figures[] | select(.name == $n and .median > 0)] | length > 0' "$out/report.json"; }
small() { # ROWS
	OUT=$out RUNS=1 SECONDS_EACH=1 WARM=1 LADDER='1 8' WORKERS=2 ONE_S=1 ROWS=$1 "$root/tests/bench/bench.sh" > "$out/log" 2>&1
}
check 'small rows run' small 'limits load release'
for name in limits.verify limits.fdatasync load.throughput load.p99 release.p50 release.many; do check "$name is there" has $name; done
check 'the page is whole' grep -q '</svg>' "$out/report.html"
check 'few runs are not to be believed' jq -e '.notes | any(test("not to be believed"))' "$out/report.json"
# A distance of 20 ms is at least three of them to finality. Where there is no right to namespaces the report says so.
distance() {
	jq -e '([.figures[] | select(.name == "links.responsive.p50" and .median >= 60)] | length == 1) or
		(.notes | any(test("NOT MEASURED: links")))' "$out/report.json"
}
DELAYS=20 MODES=responsive check 'distance is measured' small links
check 'and it shows' distance
# The archive ends where it is told to, and less is on the disk for it.
DAYS=1 ARCHIVE_BLOCKS=2000 RATE= check 'a day of blocks passes' small week
check 'the archive has its bound' jq -e '[.figures[] | select(.name == "week.kept") | .median] | length > 0 and all(. >= 2000 and . < 3024)' \
	"$out/report.json"
# Planted: a wire that is not there.
WIRE=/nonexistent check 'a row that can not be measured here passes' small links
check 'and has no figure, but is loud' jq -e '.figures == [] and (.notes | any(test("NOT MEASURED: links")))' "$out/report.json"
# Planted: a load that is not there.
LOAD=/bin/false small load && { failed=$((failed + 1)); echo 'FAIL: a row that failed passes'; } || passed=$((passed + 1))
check 'a row that failed is named' jq -e '.failed == ["load"] and .figures == []' "$out/report.json"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
