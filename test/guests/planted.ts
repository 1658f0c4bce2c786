/** How often a rule of the starter policy has to object to a part of the workload, by the rule's ID. */
export type Planted = Readonly<Record<string, number>>;

/**
 * What a guest's workload does on purpose that the starter policy objects to, by the part that does it
 * (`inside/workload.py` and the files beside it). Everything else on a guest has to pass in silence.
 */
export const planted: Readonly<Record<string, Planted>> = {
  // Programs without a file, in a scratch folder (one in a stacked file system), and one that says it is a kernel thread.
  'deleted-exe': { 'scratch-executable': 1, 'deleted-executable': 1 },
  'memfd-exe': { 'memory-only-executable': 1, 'kernel-thread-impostor': 1 },
  overlay: { 'scratch-executable': 1 },
  'deleted-on-disk': { 'deleted-executable': 1 },
  'replaced-exe': { 'deleted-executable': 1 },
  'named-deleted': { 'scratch-executable': 1, 'deleted-executable': 1 },
  'folder-gone': { 'scratch-executable': 1, 'deleted-executable': 1 },
  'sealed-memfd-exe': { 'memory-only-executable': 1 },
  'unnamed-exe': { 'deleted-executable': 1 },
  'deleted-files': { 'scratch-library': 1 },
  // Others in their ways: a debugger, a setuid program, memory that is written and executed.
  tracer: { debugger: 1 },
  'two-traced': { debugger: 1 },
  'setuid-like': { 'root-rights': 1 },
  maps: { 'writable-code': 1, 'anonymous-code': 1 },
  // Sockets that see or send what TCP does not, and ports that nobody knows.
  packet: { 'packet-socket': 3, 'raw-socket': 1 },
  raw: { 'raw-socket': 5 },
  'other-network-sockets': { 'packet-socket': 2, 'raw-socket': 2 },
  // What listens where no firewall looks.
  'odd-vsock': { 'unusual-listener': 1 },
  'odd-rxrpc': { 'unusual-listener': 1 },
  'odd-tipc': { 'unusual-listener': 1 },
  'odd-rfcomm': { 'unusual-listener': 1 },
  'odd-device-bound': { 'unexpected-listener': 1 },
  'ipv6-others': { 'packet-socket': 1, 'raw-socket': 4 },
  'tcp-syn-received': { 'unexpected-listener': 1 },
  'ipv6-tcp': { 'unexpected-listener': 11 },
  'tcp6-pairs-0': { 'unexpected-listener': 1 },
  'tcp6-pairs-1': { 'unexpected-listener': 1 },
  // Four thousand processes of a program in /tmp: twenty chiefs with two hundred each.
  ...Object.fromEntries(
    Array.from({ length: 20 }, (_, chief) => [`crowd-${chief}`, { 'scratch-executable': 200 }]),
  ),
  // It writes the truth to the second disk, past any file system.
  recorder: { 'disk-written': 1 },
};
