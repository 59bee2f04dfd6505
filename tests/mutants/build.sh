#!/bin/sh
# Writes a folder of the product with one rule broken to DIR/<folder>; compile what changed with
# -I DIR before -I the root. One mutant per rule: whatever claims to check the rules must notice it.
#   tests/mutants/build.sh --list                name, file, rule
#   tests/mutants/build.sh NAME DIR
# A mutant is a sed script, tests/mutants/<folder>/NAME.sed, that begins with these lines:
#   # file: vault/switch.c
#   # The rule that is broken, in words.
#   # killed by: test_vault_switch               the programs that are tried first
#   # ends: never                                only where a hang is what it does
# One that changes nothing any more is a failure, because it tests nothing any more.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

usage() {
	echo "usage: $0 --list | $0 NAME DIR" >&2
	exit 2
}

if [ "${1-}" = --list ]; then
	for script in "$here"/*/*.sed; do
		printf '%-28s %-24s %s\n' "$(basename "$script" .sed)" \
			"$(sed -n '1s/^# file: //p' "$script")" "$(sed -n '2s/^# //p' "$script")"
	done
	exit 0
fi
[ $# = 2 ] || usage
script=$(ls "$here"/*/"$1.sed" 2>/dev/null) || { echo "$0: there is no mutant $1" >&2; exit 2; }
[ "$(echo "$script" | wc -l)" = 1 ] || { echo "$0: two mutants are named $1" >&2; exit 2; }
file=$(sed -n '1s/^# file: //p' "$script")
[ -f "$root/$file" ] || { echo "$script: its first line must be '# file: F/NAME.c'" >&2; exit 2; }
folder=$(dirname "$file")

mkdir -p "$2/$folder"
cp "$root/$folder"/*.c "$root/$folder"/*.h "$2/$folder/"
sed -f "$script" "$root/$file" >"$2/$file"
if cmp -s "$root/$file" "$2/$file"; then
	echo "$0: mutant $1 no longer changes $file" >&2
	exit 1
fi
