#!/bin/bash
# Nexus on a copy of its own repository, with real tools as agents.
#
# Copies this repository, spoils the copy in three honest ways (two files lose their format, one gets a needless return
# and needless clones, two pages get blanks at the ends of lines), and lets `nexus run` put it right: three items, two
# workers, checks, landings. Ends with 0 only if every item landed verified, a fresh clone of the result passes
# `cargo fmt --check`, and what was spoiled is as it was. Your repository is only read; the copy is removed.
#
# It uses target/debug/nexus (or that of CARGO_TARGET_DIR) and builds it when it is missing. Most of its time goes into
# building the domain crate from nothing, once for each tree that is checked.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(git -C "$here" rev-parse --show-toplevel)
nexus=$(realpath -m "$root/${CARGO_TARGET_DIR:-target}")
case ${CARGO_TARGET_DIR:-} in /*) nexus=$(realpath -m "$CARGO_TARGET_DIR") ;; esac
nexus=$nexus/debug/nexus

say() { printf '\n==> %s\n' "$*"; }
fail() {
    printf '\nown-repository: %s\nthe folder is kept: %s\n' "$*" "$scratch" >&2
    trap - EXIT
    exit 1
}

for tool in 'cargo fmt' 'cargo clippy'; do
    $tool --version >/dev/null || { echo "own-repository: $tool is missing; install it with rustup" >&2; exit 2; }
done
[ -x "$nexus" ] || (cd "$root" && cargo build --locked --bin nexus)
# The checks run with --offline, so everything they need is fetched before.
(cd "$root" && cargo fetch --locked --quiet)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
copy=$scratch/copy
# Nothing of the caller's gets in: no store, no settings, and every checkout builds into a target folder of its own.
unset CARGO_TARGET_DIR RUSTFLAGS NEXUS_DIR NEXUS_PROJECT NEXUS_PROFILE NEXUS_STATE_DIR NEXUS_RUN_TOKEN
export XDG_STATE_HOME=$scratch/state CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0
git() { command git -c user.name=Example -c user.email=example@localhost -c init.defaultBranch=landing "$@"; }

say "a copy of $root at $(git -C "$root" rev-parse --short HEAD), spoiled"
started=$(git -C "$root" rev-parse HEAD)
git clone --quiet --no-checkout "$root" "$copy"
cd "$copy"
git switch --quiet --force-create landing "$started"
format=(store/src/ids.rs engine/src/wait.rs)
pages=(docs/words.md CONTRIBUTING.md)
lint=domain/src/time.rs

cargo fmt --check >/dev/null || fail "this repository is not formatted as it is; run: cargo fmt"
sed -i 's/^    /  /' "${format[@]}"
sed -i 's/$/  /' "${pages[@]}"
cat >>"$lint" <<'RUST'

/// The later of two moments.
pub fn later(one: Timestamp, other: Timestamp) -> Timestamp {
    return one.clone().max(other.clone());
}
RUST
cat >nexus.toml <<'TOML'
target = "landing"
protected = ["tests/"]

[[check]]
name = "format"
run = "cargo fmt --check"
timeout = "2m"
tools = ["cargo"]

[[check]]
name = "the rules"
run = "cargo test --package domain --lib --offline --locked --quiet"
timeout = "10m"
tools = ["cargo", "rustc"]
TOML
git add --all
git commit --quiet --message 'Spoil the copy'
spoiled=$(git rev-parse HEAD)
git show --stat --format='%h %s' HEAD

say 'nexus run: three items, two workers, the agent is agent.sh'
"$nexus" run --repo "$copy" --backlog "$here/backlog.jsonl" --agent "'$here/agent.sh'" --workers 2 --timeout 10m ||
    fail 'not every item is done; see: nexus work list, nexus change list'

say 'what landed'
git log --format='%h %an: %s%n  %(trailers:key=Nexus-Work,key=Nexus-Change,separator=%x2C )' "$spoiled..landing"
"$nexus" change list
"$nexus" check-history

landed=$("$nexus" work list --state done --json | grep -o '"proof":"verified"' | wc -l)
[ "$landed" -eq 3 ] || fail "$landed of 3 items landed verified"

say 'the proof: a fresh clone of the branch'
git clone --quiet --branch landing "$copy" "$scratch/final"
cd "$scratch/final"
cargo fmt --check || fail 'the result is not formatted'
git diff --quiet "$started" HEAD -- "${format[@]}" "${pages[@]}" || fail 'something is not as it was'
grep -q 'one\.max(other)' "$lint" || fail "clippy's advice is not in $lint"
[ -z "$(git -C "$copy" status --porcelain)" ] || fail 'the checked-out branch is not clean'
git -C "$copy" fsck --strict --no-dangling --no-progress
echo "own-repository: 3 of 3 items landed, the clone passes cargo fmt --check, in $SECONDS s"
