#!/bin/bash
# Claude Code as an agent:  nexus run --agent "$PWD/examples/agents/claude.sh" --workers 2
#
# A starting point for you to read and change; our tests do not run it. It needs the program `claude` and its login.
#
# The prompt goes in on standard input. Settings and MCP servers that stand in the repository are left out, because a
# program that an agent has changed should not decide what the next agent may do. Name the commands it may run in
# --allowedTools. Exit code 0 alone does not mean that it went well, so the answer is looked at.
set -euo pipefail

claude -p --output-format json --setting-sources user --strict-mcp-config \
    --permission-mode acceptEdits --allowedTools 'Bash(cargo *)' \
    <"$NEXUS_PROMPT_FILE" >"$NEXUS_RESULT_FILE"

grep -q '"is_error": *false' "$NEXUS_RESULT_FILE"
