// Finds `ping_table`, the sockets of unprivileged ICMP.
// Linux: net/ipv4/ping.c.
import { offsetIn, type RecoveryInput, wordAt } from './recovery-input.ts';

/** Functions that put sockets into the table and take them out, under its lock: net/ipv4/ping.c. */
const USERS = ['ping_get_port', 'ping_unhash'];

/**
 * `ping_table`: what these functions name together with the lock behind its heads, and whose heads are ends of chains
 * or lead to sockets that lead back.
 */
export function pingTable(input: RecoveryInput): bigint | undefined {
  const { ping_table: layout } = input.layouts;
  const [hash = 0, bytes = 0] = layout?.members['hash'] ?? [];
  const lock = offsetIn(input, 'ping_table', 'lock');
  if (lock === undefined || bytes === 0) return undefined;
  const named = USERS.map((name) => new Set(input.functions.references([name])));
  const [first = new Set<bigint>()] = named;
  const [found, second] = [...first].filter(
    (table) =>
      named.every((references) => references.has(table) && references.has(table + lock)) &&
      areHeads(input, table + BigInt(hash), bytes / 8),
  );
  return second === undefined ? found : undefined;
}

/**
 * Chains end in 0, or in the number of their head, shifted and odd (include/linux/list_nulls.h); an entry's second
 * word leads back to what leads to it.
 */
function areHeads(input: RecoveryInput, heads: bigint, count: number): boolean {
  for (let nth = 0; nth < count; nth++) {
    const head = heads + BigInt(8 * nth);
    const first = wordAt(input, head);
    const isEnd = first === 0n || first === BigInt(2 * nth + 1);
    if (!isEnd && (first === undefined || wordAt(input, first + 8n) !== head)) return false;
  }
  return true;
}
