// Netfilter: the functions that see each packet on its way through a network namespace.
// Linux: include/linux/netfilter.h, net/netfilter/core.c.
import { CorruptStructure } from '../../../base/errors.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import { type NetNamespace, NetNamespaces } from '../net/namespace.ts';
import { CodePointer, type Verdict } from './code-pointer.ts';

/** Hooks of IP, by their numbers: enum nf_inet_hooks of include/uapi/linux/netfilter.h. */
const INET = ['prerouting', 'input', 'forward', 'output', 'postrouting'];
/** include/uapi/linux/netfilter_arp.h. */
const ARP = ['input', 'output', 'forward'];
const FAMILIES = [
  ['hooks_ipv4', 'ipv4', INET],
  ['hooks_ipv6', 'ipv6', INET],
  ['hooks_arp', 'arp', ARP],
  ['hooks_bridge', 'bridge', INET],
] as const;
/** MAX_HOOK_COUNT of net/netfilter/core.c. */
const MOST_HOOKS = 1_024;

/** A function that sees packets. */
export class PacketHook {
  readonly namespace: NetNamespace;
  readonly family: string;
  readonly hook: string;
  /** From 0, the first that sees a packet. */
  readonly position: number;
  /** What it was registered with: the lower, the earlier. */
  readonly priority: number | null;
  readonly callback: CodePointer;
  constructor(
    at: Pick<PacketHook, 'namespace' | 'family' | 'hook' | 'position' | 'priority'>,
    callback: CodePointer,
  ) {
    this.namespace = at.namespace;
    this.family = at.family;
    this.hook = at.hook;
    this.position = at.position;
    this.priority = at.priority;
    this.callback = callback;
  }
  /** @throws EvidenceFault */
  get verdict(): Verdict {
    return this.callback.verdict;
  }
}

/** Every hook of every network namespace. */
export function* packetHooks(kernel: Linux): Generator<PacketHook> {
  for (const namespace of new NetNamespaces(kernel).all())
    for (const [member, family, names] of FAMILIES) {
      const place = kernel.attempt(
        () => namespace.raw.nf?.[member],
        undefined,
        `hooks of namespace ${namespace.label}`,
      );
      if (place === undefined) continue;
      const { pointerBytes } = kernel.types;
      const [, bytes] = kernel.types.memberOf('netns_nf', member);
      const count = Math.min(names.length, Math.floor(bytes / pointerBytes));
      for (let number = 0; number < count; number++) {
        const at = place + BigInt(number * pointerBytes);
        const entries = (): Generator<PacketHook> =>
          hooksAt(kernel, at, { namespace, family, hook: names[number]! });
        yield* kernel.untilFault(entries(), `${family} ${names[number]} of namespace ${namespace.label}`);
      }
    }
}

function* hooksAt(
  kernel: Linux,
  at: bigint,
  where: Pick<PacketHook, 'namespace' | 'family' | 'hook'>,
): Generator<PacketHook> {
  const address = kernel.pointerAt(at);
  if (address === 0n) return mustNotBeBlank(kernel.space, at);
  const { num_hook_entries: count, hooks } = kernel.at('nf_hook_entries', address);
  // The kernel takes an array away with its last hook.
  if (count === 0 || count > MOST_HOOKS) throw new CorruptStructure(`${count} hooks are implausible`);
  const each = BigInt(kernel.types.sizeOf('nf_hook_entry'));
  for (let position = 0; position < count; position++) {
    const { hook } = kernel.at('nf_hook_entry', hooks + BigInt(position) * each);
    // Behind the entries there is a pointer to what each was registered by: net/netfilter/core.c, nf_hook_entries_get_hook_ops.
    const registered = kernel.pointerAt(
      hooks + BigInt(count) * each + BigInt(position * kernel.types.pointerBytes),
    );
    const priority = registered === 0n ? null : kernel.at('nf_hook_ops', registered).priority;
    yield new PacketHook({ ...where, position, priority }, new CodePointer(kernel, hook));
  }
}
