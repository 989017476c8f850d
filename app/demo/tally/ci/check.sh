#!/bin/sh
# Runs the tests of every module that does not say of itself that it is missing or broken.
set -eu
names=""
for file in src/*.rs; do
    name=$(basename "$file" .rs)
    [ "$name" = lib ] && continue
    grep -q '^// status:' "$file" || names="$names $name::"
done
exec cargo test --offline --quiet --test all -- $names
