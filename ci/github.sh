#!/usr/bin/env bash
# The second step of action.yml. Inputs and GitHub's files come by the environment.
set -euo pipefail

vestige() { node "$GITHUB_ACTION_PATH/dist/bin/vestige.js" "$@"; }

# The lines of a text that are not empty, without the spaces around them.
lines() { sed 's/^[[:space:]]*//; s/[[:space:]]*$//; /^$/d' <<<"$1"; }

snapshots=()
while IFS= read -r line; do
  # A pattern becomes the files that it matches; what matches none is said by vestige itself.
  mapfile -t matched < <(compgen -G "$line" | sort || true)
  [ ${#matched[@]} -gt 0 ] || matched=("$line")
  snapshots+=("${matched[@]}")
done < <(lines "$SNAPSHOTS")
if [ ${#snapshots[@]} -eq 0 ]; then
  echo '::error title=vestige::the input snapshots names none'
  exit 2
fi

options=("--fail-on=$FAIL_ON" "--unevaluated=$UNEVALUATED")
while IFS= read -r policy; do options+=("--policy=$policy"); done < <(lines "$POLICY")
[ -z "$BASELINE" ] || options+=("--baseline=$BASELINE")
[ -z "$SINCE" ] || options+=("--since=$SINCE")

# What is said on stderr may quote the evidence. Between these two lines the runner takes nothing for a command.
quiet=$(node --print 'crypto.randomUUID()')
judged="$(mktemp -d)/vestige.sarif"
echo "::stop-commands::$quiet"
code=0
vestige check "${options[@]}" --format sarif --output "$judged" -- "${snapshots[@]}" || code=$?
if [ -n "$REPORT" ] && [ "$code" -le 1 ]; then
  vestige report ${SINCE:+"--since=$SINCE"} --output "$REPORT" -- "${snapshots[@]}" >&2 || code=$?
fi
echo "::$quiet::"
[ -f "$judged" ] || exit "$code"

# The same again, from what is remembered: annotations of the run, and the summary of the job.
vestige check "${options[@]}" --format github -- "${snapshots[@]}" 2>/dev/null || true
vestige check "${options[@]}" --format markdown -- "${snapshots[@]}" >>"$GITHUB_STEP_SUMMARY" 2>/dev/null || true

# Code scanning does not look at suppressions, and would open an alert for each.
# An alert that an upload does not name counts as fixed: where a snapshot or a rule was not judged, none is offered.
read -r findings offered < <(
  JUDGED="$judged" node --input-type=module --eval '
    import { readFileSync, writeFileSync } from "node:fs";
    const { JUDGED, SARIF, UNEVALUATED } = process.env;
    const log = JSON.parse(readFileSync(JUDGED, "utf8"));
    const [run] = log.runs;
    run.results = run.results.filter(({ suppressions = [] }) => suppressions.length === 0);
    writeFileSync(SARIF, `${JSON.stringify(log, null, 2)}\n`);
    const [{ executionSuccessful, toolExecutionNotifications }] = run.invocations;
    const isUnread = toolExecutionNotifications.some(({ descriptor }) => descriptor?.id === "unread-snapshot");
    const isWhole = executionSuccessful || (UNEVALUATED === "pass" && !isUnread);
    console.log(run.results.length, isWhole ? "yes" : "no");
  '
)
[ "$offered" = yes ] || echo '::warning title=vestige::not everything was judged, so no SARIF is offered for upload: it would close alerts'
{
  echo "findings=$findings"
  [ "$offered" != yes ] || echo "sarif=$SARIF"
  [ -z "$REPORT" ] || echo "report=$REPORT"
} >>"$GITHUB_OUTPUT"
exit "$code"
