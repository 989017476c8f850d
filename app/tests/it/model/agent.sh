# An agent that asks its model once, with what it finds in its environment, and leaves the answer.
set -euo pipefail
at=${ANTHROPIC_BASE_URL#http://}
place=${at%%/*}
body='{"model":"fake-1","max_tokens":5,"messages":[]}'
exec 3<>"/dev/tcp/${place%:*}/${place#*:}"
printf 'POST /%s/v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: %s\r\ncontent-length: %d\r\n\r\n%s' \
    "${at#*/}" "$ANTHROPIC_API_KEY" "${#body}" "$body" >&3
cat <&3 >answer.txt
