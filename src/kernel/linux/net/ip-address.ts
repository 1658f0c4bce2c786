// IPv4 and IPv6 addresses as text.
// RFC 5952 for those of IPv6.
/** The number that 16 big-endian bits mean, as read by a little-endian machine: ports, ethertypes. */
export const fromNetworkOrder = (value: number): number => ((value & 0xff) << 8) | (value >>> 8);

/** `198.51.100.7` of four bytes in network order. */
export const formatIpv4 = (bytes: Uint8Array): string => bytes.join('.');

/** The shortest form of sixteen bytes in network order, as RFC 5952 asks: `2001:db8::1`, `::ffff:127.0.0.1`. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, nth) => (bytes[2 * nth]! << 8) | bytes[2 * nth + 1]!);
  if (isMapped(groups)) return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  const { start, length } = longestZeros(groups);
  const words = groups.map((group) => group.toString(16));
  if (length < 2) return words.join(':');
  return `${words.slice(0, start).join(':')}::${words.slice(start + length).join(':')}`;
}

/** Whether the address means nothing outside one link (fe80::/10, ff02::/16), so that the link must be named. */
export const isLinkLocal = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80) || (bytes[0] === 0xff && (bytes[1]! & 0x0f) === 0x02);

const isMapped = (groups: readonly number[]): boolean =>
  groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;

/** The first of the longest runs of zero groups: the one that `::` stands for. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > longest.length) longest = { start, length: end - start };
  }
  return longest;
}
