#!/bin/bash
# Aider as an agent:  nexus run --agent "$PWD/examples/agents/aider.sh" --workers 2
#
# A starting point for you to read and change; our tests do not run it. It needs the program `aider`, a model and a key.
#
# Aider ends with 0 also when its key is refused. An attempt that changed no file is taken for a failure here; without
# that line the item would be done, marked as reported.
set -euo pipefail

aider --message-file "$NEXUS_PROMPT_FILE" --yes-always --no-auto-commits --no-pretty --no-stream \
    --no-check-update --analytics-disable </dev/null

[ -n "$(git status --porcelain)" ] || { echo 'aider changed nothing' >&2; exit 1; }
