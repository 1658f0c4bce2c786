// Finds the tables of TCP and UDP sockets.
// Linux: net/ipv4/tcp_ipv4.c, net/ipv4/udp.c.
import { offsetIn, type RecoveryInput, wordAt } from './recovery-input.ts';

/** `tcp_hashinfo` where it is not exported: the initial network namespace's own table of connections is it. */
export function tcpTables(input: RecoveryInput): bigint | undefined {
  const row = throughInitNet(input, 'tcp_death_row');
  const info = offsetIn(input, 'inet_timewait_death_row', 'hashinfo');
  if (row === undefined || info === undefined) return undefined;
  const [, bytes] = input.layouts['netns_ipv4']?.members['tcp_death_row'] ?? [];
  const at = bytes === 8 ? wordAt(input, row) : row;
  const table = at === undefined ? undefined : wordAt(input, at + info);
  return isTable(input, table, 'inet_hashinfo', 'ehash', 'ehash_mask') ? table : undefined;
}

/** `udp_table` where it is not exported: since v6.2 each namespace says which it uses. */
export function udpTable(input: RecoveryInput): bigint | undefined {
  const pointer = throughInitNet(input, 'udp_table');
  const table = pointer === undefined ? undefined : wordAt(input, pointer);
  return isTable(input, table, 'udp_table', 'hash', 'mask') ? table : undefined;
}

function throughInitNet(input: RecoveryInput, member: string): bigint | undefined {
  const net = input.found.get('init_net');
  const [ipv4, within] = [offsetIn(input, 'net', 'ipv4'), offsetIn(input, 'netns_ipv4', member)];
  return net === undefined || ipv4 === undefined || within === undefined ? undefined : net + ipv4 + within;
}

/** Whether it is in the image and leads to as many buckets as a mask can pick from. */
function isTable(
  input: RecoveryInput,
  table: bigint | undefined,
  type: string,
  buckets: string,
  mask: string,
): table is bigint {
  const [first, last] = [offsetIn(input, type, buckets), offsetIn(input, type, mask)];
  if (table === undefined || first === undefined || last === undefined) return false;
  const [heads, ones] = [input.image.wordAt(table + first), input.image.wordAt(table + last)];
  const count = BigInt.asUintN(32, ones ?? 0n) + 1n;
  return heads !== undefined && count > 1n && (count & (count - 1n)) === 0n && input.space.isReadable(heads);
}
