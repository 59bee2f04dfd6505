#!/bin/sh
# Runs the unit tests of consensus against each mutant (or those named): every one must be killed.
# Needs what `make tests` builds in O.
#   tests/mutants/kill.sh [NAME...]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
O=${O:-build/gcc}
CC=${CC:-gcc}
tests='rules recover evidence sync wire log cluster'
work=$(mktemp -d "${TMPDIR:-/tmp}/strongroom-mutants.XXXXXX")
trap 'rm -rf "$work"' EXIT
survived=0

# The unchanged sources, built the same way, must pass: otherwise every mutant would seem killed.
build() {
	for file in "$work"/m/consensus/*.c; do
		$CC -std=c17 -D_POSIX_C_SOURCE=200809L -O1 -g -I"$work/m" -I. -c "$file" \
			-o "$work/m/$(basename "$file" .c).o"
	done
	for t in $tests; do
		$CC "$O/obj/tests/unit/test_consensus_$t.o" "$O/libtestlib.a" "$work"/m/*.o \
			"$O/libbase.a" -lgcrypt -lsodium -lcheck_pic -lsubunit -ljansson -lrt -lm \
			-lpthread -o "$work/m/test_$t"
	done
}

killer() {
	for t in $tests; do
		if ! timeout 120 "$work/m/test_$t" >"$work/m/out" 2>&1; then
			echo "$t: $(grep -m1 -oE ':[FE]:[a-z_]+:[a-z0-9_]+|broken promise.*' "$work/m/out" |
				sed 's/.*://')"
			return 0
		fi
	done
	return 1
}

mkdir -p "$work/m/consensus"
cp consensus/*.c consensus/*.h "$work/m/consensus/"
build
if by=$(killer); then
	echo "the unchanged sources fail ($by)" >&2
	exit 1
fi
for name in ${*:-$("$here/build.sh" --list)}; do
	rm -rf "$work/m"
	"$here/build.sh" "$name" "$work/m"
	build
	if by=$(killer); then
		printf '%-24s killed by %s\n' "$name" "$by"
	else
		printf '%-24s SURVIVED\n' "$name"
		survived=$((survived + 1))
	fi
done
[ "$survived" = 0 ]
