// Spans of time in the words that people use for them.
// For sentences of every room: how long a machine was up, by how much a clock is wrong.

/** How long, as people say it: `2 d 3 h 4 min 5 s`; parts that are zero at the front are left out. */
export function durationText(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [
    [Math.floor(whole / 86400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const;
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first < 0 ? 3 : first)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}
