#!/bin/sh
# Writes a mutated copy of consensus/ to DIR/consensus; compile it with -I DIR before -I the root. One
# mutant per rule: whatever claims to check the rules must notice each of them.
#   tests/mutants/build.sh --list
#   tests/mutants/build.sh NAME DIR
# A mutant is a sed script whose first line names its file: "# file: rules.c". One that changes
# nothing any more is a failure, because it tests nothing any more.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

usage() {
	echo "usage: $0 --list | $0 NAME DIR" >&2
	exit 2
}

if [ "${1-}" = --list ]; then
	for script in "$here"/consensus/*.sed; do
		basename "$script" .sed
	done
	exit 0
fi
[ $# = 2 ] || usage
script=$here/consensus/$1.sed
[ -f "$script" ] || { echo "$0: there is no mutant $1" >&2; exit 2; }
file=$(sed -n '1s/^# file: //p' "$script")
[ -n "$file" ] || { echo "$script: its first line must be '# file: NAME.c'" >&2; exit 2; }

mkdir -p "$2/consensus"
cp "$root"/consensus/*.c "$root"/consensus/*.h "$2/consensus/"
sed -f "$script" "$root/consensus/$file" >"$2/consensus/$file"
if cmp -s "$root/consensus/$file" "$2/consensus/$file"; then
	echo "$0: mutant $1 no longer changes consensus/$file" >&2
	exit 1
fi
