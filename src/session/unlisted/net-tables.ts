import { type Ground, offsetIn, wordAt } from './ground.ts';

/** `tcp_hashinfo` where it is not exported: the initial network namespace's own table of connections is it. */
export function tcpTables(ground: Ground): bigint | undefined {
  const row = throughInitNet(ground, 'tcp_death_row');
  const info = offsetIn(ground, 'inet_timewait_death_row', 'hashinfo');
  if (row === undefined || info === undefined) return undefined;
  const [, bytes] = ground.layouts['netns_ipv4']?.members['tcp_death_row'] ?? [];
  const at = bytes === 8 ? wordAt(ground, row) : row;
  const table = at === undefined ? undefined : wordAt(ground, at + info);
  return isTable(ground, table, 'inet_hashinfo', 'ehash', 'ehash_mask') ? table : undefined;
}

/** `udp_table` where it is not exported: since v6.2 each namespace says which it uses. */
export function udpTable(ground: Ground): bigint | undefined {
  const pointer = throughInitNet(ground, 'udp_table');
  const table = pointer === undefined ? undefined : wordAt(ground, pointer);
  return isTable(ground, table, 'udp_table', 'hash', 'mask') ? table : undefined;
}

function throughInitNet(ground: Ground, member: string): bigint | undefined {
  const net = ground.found.get('init_net');
  const [ipv4, within] = [offsetIn(ground, 'net', 'ipv4'), offsetIn(ground, 'netns_ipv4', member)];
  return net === undefined || ipv4 === undefined || within === undefined ? undefined : net + ipv4 + within;
}

/** Whether it is in the image and leads to as many buckets as a mask can pick from. */
function isTable(
  ground: Ground,
  table: bigint | undefined,
  type: string,
  buckets: string,
  mask: string,
): table is bigint {
  const [first, last] = [offsetIn(ground, type, buckets), offsetIn(ground, type, mask)];
  if (table === undefined || first === undefined || last === undefined) return false;
  const [heads, ones] = [ground.image.wordAt(table + first), ground.image.wordAt(table + last)];
  const count = BigInt.asUintN(32, ones ?? 0n) + 1n;
  return heads !== undefined && count > 1n && (count & (count - 1n)) === 0n && ground.space.isReadable(heads);
}
