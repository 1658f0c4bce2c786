// Which of many ranges of addresses one is in: mappings of a process, code of modules and of what is compiled while a kernel runs.
// A search by halves, since both the ranges and what asks for them may be as many as an intruder likes.

/** Addresses from one on, up to another that is past them. */
export interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** The range around an address, of ranges that ascend and do not overlap; undefined where none is. */
export function rangeAround<R extends AddressRange>(ranges: readonly R[], address: bigint): R | undefined {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.end <= address) low = middle + 1;
    else high = middle;
  }
  const found = ranges[low];
  return found !== undefined && found.start <= address ? found : undefined;
}

/** The same addresses in ranges that ascend and do not overlap: what two have is of the one that begins first. */
export function disjoint<R extends AddressRange>(ranges: readonly R[]): R[] {
  const found: R[] = [];
  let end: bigint | undefined;
  for (const range of ranges.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))) {
    const start = end !== undefined && range.start < end ? end : range.start;
    if (start >= range.end) continue;
    found.push(start === range.start ? range : { ...range, start });
    end = range.end;
  }
  return found;
}
