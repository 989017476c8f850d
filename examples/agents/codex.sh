#!/bin/bash
# Codex as an agent:  nexus run --agent "$PWD/examples/agents/codex.sh" --workers 2
#
# A starting point for you to read and change; our tests do not run it. It needs the program `codex` and its login.
#
# The prompt goes in on standard input. Its sandbox lets it write in the worktree only, and not in the git folder: that
# is fine, because Nexus commits what it leaves in the files. Its events are the output that Nexus keeps.
set -euo pipefail

exec codex exec --json --sandbox workspace-write - <"$NEXUS_PROMPT_FILE"
