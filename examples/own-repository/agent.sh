#!/bin/bash
# An agent that is a real tool: cargo fmt, cargo clippy --fix or sed, as the item's payload says.
#
# It is started as every agent is: in a worktree of its own, with the item as one line of JSON on standard input. It
# commits nothing; what it leaves in the files is taken when it ends with 0.
set -euo pipefail

# Quotes inside other fields are escaped, so this finds the payload and nothing else.
tool=$(sed -n 's/.*"payload":{"tool":"\([a-z]*\)"}.*/\1/p')

case $tool in
fmt) cargo fmt ;;
clippy) cargo clippy --fix --allow-dirty --offline --locked --lib --package domain ;;
sed) git ls-files -z '*.md' | xargs -0 sed -i 's/[[:blank:]]*$//' ;;
*)
    echo "the item's payload names no tool of mine: ${tool:-nothing}" >&2
    exit 1
    ;;
esac

# An agent may say how far it is, and leave a result; it need not.
nexus work progress "$NEXUS_WORK_ID" --percent 100 --note "$tool is done" >/dev/null
git diff --name-only | awk -v tool="$tool" '
    { files = files (NR > 1 ? "," : "") "\"" $0 "\"" }
    END { printf "{\"tool\":\"%s\",\"files\":[%s]}\n", tool, files }' >"$NEXUS_RESULT_FILE"
