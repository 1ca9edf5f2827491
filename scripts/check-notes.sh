#!/usr/bin/env bash
#
# Checks that the notes in hardware-notes/ have one form: each reader-*.md and
# card-*.md has every heading, in order and with something below it, says
# whether it was tried by us, and stands in the table of README.md; and every
# note that code or another note cites is there.

set -euo pipefail
cd "$(dirname "$0")/.."

readonly HEADINGS='Identity
Driver and set-up
What works
What differs
Our handling
Sources
Tried'

failed=0
complain() {
	printf 'check-notes: %s\n' "$*" >&2
	failed=1
}

for note in hardware-notes/reader-*.md hardware-notes/card-*.md; do
	found=$(sed -n 's/^## //p' "$note")
	[[ $found == "$HEADINGS" ]] ||
		complain "$note has not the headings of the form: $(tr '\n' ',' <<<"$found")"
	[[ $(head -n 1 "$note") == '# '* ]] || complain "$note does not begin with a title"
	empty=$(awk '/^## / { if (head != "" && !text) print head; head = $0; text = 0; next }
		NF { text = 1 } END { if (!text) print head }' "$note")
	[[ -z $empty ]] || complain "$note has nothing below $empty"
	grep -qE '^Tried by us: (yes|no)' "$note" || complain "$note does not say whether it was tried by us"
	grep -qF "](${note#hardware-notes/})" hardware-notes/README.md ||
		complain "$note is not in the table of hardware-notes/README.md"
done

n_readers=$(find hardware-notes -name 'reader-*.md' | wc -l)
n_cards=$(find hardware-notes -name 'card-*.md' | wc -l)
((n_readers >= 15 && n_cards >= 8)) || complain "only $n_readers readers and $n_cards cards"

while IFS= read -r cited; do
	[[ -e hardware-notes/$cited ]] || complain "$cited is cited and not there"
done < <(
	{
		grep -rhIoE 'hardware-notes/[a-z0-9-]+\.md' crates docs tests README.md CONTRIBUTING.md scenarios | sed 's,.*/,,'
		grep -hoE '\b(reader|card)-[a-z0-9-]+\.md' hardware-notes/*.md
	} | sort -u | grep -vE '^(acme|reader-maker)'
)

((failed == 0)) && printf 'the %d notes have one form\n' "$((n_readers + n_cards))"
exit "$failed"
