// What people call a question who know it from Linux or from another program for memory forensics.
// Names of the very same table are taken for it; of the others the error says what is nearest.

/** What is meant by a name that is no command here. */
export type Meant =
  | { readonly command: string }
  | { readonly nearest: string; readonly why: string }
  | { readonly why: string };

/** Tools of a shell and plugins of Volatility 2 and 3 whose table a question gives. */
const SAME: Readonly<Record<string, string>> = {
  ps: 'pslist',
  psaux: 'pslist',
  tasks: 'pslist',
  processes: 'pslist',
  pslist: 'pslist',
  pstree: 'pstree',
  lsof: 'files',
  fds: 'files',
  files: 'files',
  netstat: 'sockets',
  ss: 'sockets',
  sockstat: 'sockets',
  netscan: 'sockets',
  sockets: 'sockets',
  connections: 'sockets',
  lsmod: 'modules',
  modules: 'modules',
  procmaps: 'maps',
  proc: 'maps',
  maps: 'maps',
  vma: 'maps',
  pmap: 'maps',
  envars: 'env',
  psenv: 'env',
  env: 'env',
  environ: 'env',
  kmsg: 'dmesg',
  dmesg: 'dmesg',
  aeskeyfind: 'keys',
  findaes: 'keys',
  keys: 'keys',
  imageinfo: 'info',
  banners: 'info',
  banner: 'info',
  isfinfo: 'info',
  info: 'info',
};

const NOT_YET = 'no question answers that yet';

/** What is near, and how it differs. */
const NEAR: Readonly<Record<string, readonly [nearest: string, why: string]>> = {
  psscan: ['pslist', 'memory is not searched for what is on no list'],
  pidhashtable: ['pslist', 'what other views of the kernel have is in its table'],
  psxview: ['pslist', 'what other views of the kernel have is in its table'],
  pscallstack: ['pslist', NOT_YET],
  threads: ['pslist', 'it counts the threads of each process'],
  hiddenmodules: ['modules', 'memory is not searched for what is on no list'],
  checkmodules: ['modules', 'it walks the list of modules'],
  modxview: ['modules', 'it walks the list of modules'],
  malfind: ['maps', 'its flags tell what is writable and executable; the policy that ships has rules for it'],
  elfs: ['maps', 'it has the path of each file that is mapped'],
  librarylist: ['maps', 'it has the path of each file that is mapped'],
  ldrmodules: ['maps', 'it has the path of each file that is mapped'],
  mount: ['files', 'it has the device of each open file'],
  mountinfo: ['files', 'it has the device of each open file'],
  lsns: ['sockets', 'it has the network namespace of each socket'],
  bash: ['pslist', 'histories of shells are not searched for; args has the command line of each process'],
  capabilities: ['pslist', 'it has the user numbers'],
  pagecache: ['files', 'it has the files that are open'],
  ptrace: ['pslist', NOT_YET],
  yarascan: ['check', 'policies judge rows; bytes are not searched for patterns'],
  vmayarascan: ['check', 'policies judge rows; bytes are not searched for patterns'],
  timeliner: ['timeline', 'it compares snapshots'],
  vmscan: ['info', NOT_YET],
  volshell: ['explain', 'it shows how an address becomes bytes'],
};

/** Questions of the field that nothing here comes near. */
const NONE: Readonly<Record<string, string>> = {
  strings: 'that is no question to the kernel: strings(1) reads the file itself',
  checkidt: NOT_YET,
  checksyscall: NOT_YET,
  checkafinfo: NOT_YET,
  checkcreds: NOT_YET,
  checkftrace: NOT_YET,
  ftrace: NOT_YET,
  tracepoints: NOT_YET,
  ebpf: NOT_YET,
  netfilter: NOT_YET,
  iptables: NOT_YET,
  ifconfig: NOT_YET,
  ip: NOT_YET,
  ipaddr: NOT_YET,
  iplink: NOT_YET,
  arp: NOT_YET,
  iomem: NOT_YET,
  kallsyms: NOT_YET,
  kthreads: 'vestige pslist --kernel yes has the threads of the kernel',
  keyboardnotifiers: NOT_YET,
  ttycheck: NOT_YET,
  perfevents: NOT_YET,
  memmap: NOT_YET,
  procdump: NOT_YET,
  memdump: NOT_YET,
  hashdump: NOT_YET,
};

/** What a word that is no command means; undefined where nobody knows. */
export function meantBy(word: string): Meant | undefined {
  const known = plainly(word);
  if (known === undefined) return { why: 'guests of this system cannot be read' };
  const command = own(SAME, known);
  if (command !== undefined) return { command };
  const [nearest, why] = own(NEAR, known) ?? [];
  if (nearest !== undefined) return { nearest, why: why! };
  const none = own(NONE, known);
  return none === undefined ? undefined : { why: none };
}

/** `linux.pslist.PsList`, `linux_psaux` and `proc_maps` without what stands around the name; undefined for another system. */
function plainly(word: string): string | undefined {
  const [, system, rest] = /^(linux|windows|mac)[._](.+)$/i.exec(word) ?? [];
  if (system !== undefined && system.toLowerCase() !== 'linux') return undefined;
  const [name = '', kind] = (rest ?? word).toLowerCase().split('.');
  const joined = name.replace(/[_-]/g, '');
  // In Volatility 3 a file may hold plugins that answer other questions than its name: malware.malfind, proc.Maps.
  const inner = (kind ?? '').replace(/[_-]/g, '');
  return ['malware', 'graphics', 'tracing', 'pagecache', 'ip'].includes(joined) && inner !== ''
    ? inner
    : joined;
}

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
