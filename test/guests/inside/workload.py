"""Makes one of every kind of thing that an analyst may find in a machine's memory, and holds it there.

Each part is a function that runs in a child of its own, prepares, and then sleeps for good. A part that this
kernel cannot play is noted as missed, with the reason; it is no failure. What the kernel itself does not tell
(keys, who plays what) goes to /run/workload.json.
"""
import ctypes
import fcntl
import importlib
import json
import mmap
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import controls
import disks
import libraries
import tracing
import tree
from stage import (
    CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS, CLONE_VFORK, CLONE_VM,
    PTRACE_TRACEME, SLEEP, SYSCALLS, attempt, check, command, execute, held_part, keys, libc, missed, part, parts,
    set_comm, sleep_for_good, sockets, syscall, wanted_parts,
)

# ---------------------------------------------------------------------------------------------- sockets


def tcp(family, address, port, backlog=16):
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6 and address != '::':
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((address, port))
    listener.listen(backlog)
    return listener


def tcp_server(held):
    """Listens on three addresses and accepts from clients that it forks: both ends are processes."""
    for family, address, port in [
        (socket.AF_INET, '0.0.0.0', 8080), (socket.AF_INET6, '::1', 8443), (socket.AF_INET6, '::', 9090),
    ]:
        held.append(tcp(family, address, port))
    client = os.fork()
    if client == 0:
        set_comm(b'tcp-client')
        for listener in held:
            listener.close()
        mine = [socket.create_connection(('127.0.0.1', 8080)), socket.create_connection(('127.0.0.1', 8080)),
                socket.create_connection(('::1', 8443)), socket.create_connection(('127.0.0.1', 9090)),
                socket.create_connection(('2001:db8:1::1', 9090))]
        sleep_for_good()
    for listener in (held[0], held[0], held[1], held[2], held[2]):
        held.append(listener.accept()[0])


def tcp_unaccepted(held):
    """Established connections that no process has accepted yet: the server's ends belong to nobody."""
    held.append(tcp(socket.AF_INET, '127.0.0.1', 7001))
    held.append(tcp(socket.AF_INET6, '::1', 7002))
    for address, port in (('127.0.0.1', 7001), ('127.0.0.1', 7001), ('::1', 7002)):
        held.append(socket.create_connection((address, port)))


def tcp_shared(held):
    """One listener and one connection in four processes, and twice in one of them."""
    listener = tcp(socket.AF_INET, '127.0.0.1', 9001)
    outgoing = socket.create_connection(('127.0.0.1', 9001))
    held += [listener, outgoing, listener.accept()[0]]
    for number in range(3):
        if os.fork() == 0:
            set_comm(f'shared-{number}'.encode())
            if number == 0:
                held.append(listener.dup())
            sleep_for_good()


def tcp_bound_only(held):
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.bind(('127.0.0.1', 7100))
    held += [bound, socket.socket(socket.AF_INET, socket.SOCK_STREAM), socket.socket(socket.AF_INET6, socket.SOCK_STREAM)]


def tcp_syn_sent(held):
    """An address that swallows what is sent to it: the connection stays in SYN_SENT."""
    for family, address in ((socket.AF_INET, '198.51.100.9'), (socket.AF_INET6, '2001:db8:1::9')):
        waiting = socket.socket(family, socket.SOCK_STREAM)
        waiting.setblocking(False)
        waiting.connect_ex((address, 4444))
        held.append(waiting)


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def tcp_syn_received(held):
    """A forged SYN from an address that never answers: a request socket in SYN_RECV."""
    held.append(tcp(socket.AF_INET, '198.51.100.1', 7003))
    source, target = socket.inet_aton('198.51.100.77'), socket.inet_aton('198.51.100.1')
    segment = struct.pack('!HHIIBBHHH', 5555, 7003, 1000, 0, 5 << 4, 2, 8192, 0, 0)
    total = checksum(source + target + struct.pack('!BBH', 0, 6, len(segment)) + segment)
    segment = segment[:16] + struct.pack('!H', total) + segment[18:]
    packet = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 40, 1, 0, 64, 6, 0, source, target) + segment
    # Sent below the IP layer, on the loopback device: as if it had arrived from outside.
    for setting in ('all', 'lo', 'dummy0'):
        with open(f'/proc/sys/net/ipv4/conf/{setting}/rp_filter', 'w') as file:
            file.write('0')
    with open('/proc/sys/net/ipv4/conf/lo/accept_local', 'w') as file:
        file.write('1')
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 40, 1, 0, 64, 6, 0, source, target)
    packet = head[:10] + struct.pack('!H', checksum(head)) + head[12:] + segment
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    wire.bind(('lo', 0x0800))
    wire.send(b'\0' * 12 + b'\x08\x00' + packet)
    wire.close()


def tcp_peer_of_orphans(held):
    """Holds the near ends of connections whose far ends were closed: CLOSE_WAIT here, orphans there."""
    held.append(tcp(socket.AF_INET, '127.0.0.1', 7004))
    held.append(tcp(socket.AF_INET6, '::1', 7005))
    closed = socket.create_connection(('127.0.0.1', 7004))
    closed6 = socket.create_connection(('::1', 7005))
    stuffed = socket.create_connection(('127.0.0.1', 7004))
    held += [held[0].accept()[0], held[1].accept()[0], held[0].accept()[0]]
    closed.close()
    closed6.close()
    stuffed.setblocking(False)
    try:
        while True:
            stuffed.send(b'x' * 65536)
    except BlockingIOError:
        pass
    stuffed.close()  # what is unsent keeps it in FIN_WAIT1


def tcp_time_wait(held):
    listener = tcp(socket.AF_INET, '127.0.0.1', 7006)
    listener6 = tcp(socket.AF_INET6, '::1', 7007)
    for source, address, port in ((listener, '127.0.0.1', 7006), (listener6, '::1', 7007), (listener, '127.0.0.1', 7006)):
        client = socket.create_connection((address, port))
        server = source.accept()[0]
        client.close()
        server.recv(1)
        server.close()
    held += [listener, listener6]


def udp(held):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(('0.0.0.0', 5300))
    two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    two.connect(('127.0.0.1', 5300))
    three = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    three.bind(('::', 5301))
    four = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    four.connect(('::1', 5301))
    mapped = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    mapped.connect(('::ffff:127.0.0.1', 5300))
    group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    group.bind(('224.0.0.251', 5353))
    held += [one, two, three, four, mapped, group, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
    for _ in range(2):
        shared = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(('127.0.0.1', 5302))
        held.append(shared)
    os.setresgid(1000, 1000, 1000)
    os.setresuid(1000, 1000, 1000)
    alice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    alice.bind(('127.0.0.1', 5399))
    held.append(alice)


def udplite(held):
    for family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
        lite = socket.socket(family, socket.SOCK_DGRAM, 136)
        lite.bind((address, 5400))
        held.append(lite)


def raw(held):
    icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    other = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
    other.bind(('127.0.0.1', 0))
    connected = socket.socket(socket.AF_INET, socket.SOCK_RAW, 254)
    connected.connect(('127.0.0.1', 0))
    icmp6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
    any6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 255)
    held += [icmp, other, connected, icmp6, any6]


def ping(held):
    unbound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)
    one.bind(('127.0.0.1', 77))
    six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 58)
    six.bind(('::1', 78))
    held += [unbound, one, six]


def unix(held):
    def at(kind, address, listen=True):
        made = socket.socket(socket.AF_UNIX, kind)
        made.bind(address)
        if listen:
            made.listen(4)
        held.append(made)
        return made

    def to(kind, address):
        made = socket.socket(socket.AF_UNIX, kind)
        made.connect(address)
        held.append(made)
        return made

    stream = at(socket.SOCK_STREAM, '/run/stream.sock')
    to(socket.SOCK_STREAM, '/run/stream.sock')
    held.append(stream.accept()[0])
    to(socket.SOCK_STREAM, '/run/stream.sock')  # left in the queue: its far end is held by no process
    packets = at(socket.SOCK_SEQPACKET, b'\0vestige-packets')
    to(socket.SOCK_SEQPACKET, b'\0vestige-packets')
    held.append(packets.accept()[0])
    at(socket.SOCK_DGRAM, '/run/datagram.sock', False)
    to(socket.SOCK_DGRAM, '/run/datagram.sock')
    at(socket.SOCK_STREAM, b'\0abstract\0with\0zeros')
    at(socket.SOCK_STREAM, b'')  # the kernel chooses an abstract name
    at(socket.SOCK_STREAM, b'/run/odd \n\x1b[31mname\xff.sock')
    at(socket.SOCK_STREAM, '/run/gone.sock')
    os.unlink('/run/gone.sock')
    at(socket.SOCK_STREAM, '/run/' + 'l' * 100 + '.s')
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        held += socket.socketpair(socket.AF_UNIX, kind)
        held.append(socket.socket(socket.AF_UNIX, kind))


def unix_in_flight(held):
    """A socket that is only in a message: no process has it open."""
    one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    sent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sent.bind(('127.0.0.1', 5500))
    socket.send_fds(one, [b'x'], [sent.fileno()])
    sent.close()
    held += [one, two]


def netlink(held):
    for protocol in (0, 4, 9, 15, 16):  # route, sock_diag, audit, uevent, generic
        made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        made.bind((0, 1 if protocol in (0, 15) else 0))
        held.append(made)
    chosen = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 0)
    chosen.bind((0x7FFF1234, 0x55))
    second = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 0)
    second.bind((0, 0))
    held += [chosen, second, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)]


def packet(held):
    every = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    every.bind(('dummy0', 3))
    arp = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0806))
    arp.bind(('lo', 0x0806))
    held += [every, arp, socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x88B5)),
             socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)]


def other_network(held):
    """A network namespace of its own, with a pair of cables to the first one (made by the parent)."""
    check(libc.unshare(CLONE_NEWNET), 'unshare')


def other_network_sockets(there, held):
    """Sockets in the other namespace, from a process that lives in it, and of one that only visits it."""
    home = os.open('/proc/self/ns/net', os.O_RDONLY)
    away = os.open(f'/proc/{there}/ns/net', os.O_RDONLY)
    check(libc.setns(away, CLONE_NEWNET), 'setns')
    four = tcp(socket.AF_INET, '10.77.0.2', 80)
    six = tcp(socket.AF_INET6, '2001:db8:77::2', 80)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(('10.77.0.2', 53))
    held += [four, six, datagrams, socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)),
             socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
             socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)]
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    abstract.bind(b'\0in-the-other-network')
    abstract.listen(1)
    held.append(abstract)
    lives_there = os.fork()
    if lives_there == 0:
        set_comm(b'lives-there')
        os.close(home)
        os.close(away)
        held += [four.accept()[0], six.accept()[0]]
        local = tcp(socket.AF_INET, '127.0.0.1', 8080)  # the same address and port as in the first namespace
        mine = [local, socket.create_connection(('127.0.0.1', 8080))]
        open('/run/other-network-ready', 'w').close()
        sleep_for_good()
    check(libc.setns(home, CLONE_NEWNET), 'setns')
    held += [socket.create_connection(('10.77.0.2', 80)), socket.create_connection(('2001:db8:77::2', 80))]
    while not os.path.exists('/run/other-network-ready'):
        time.sleep(0.05)


def kernel_crypto(held):
    """A cipher of the kernel with a key set through a socket: the schedule is in kernel memory."""
    key = bytes.fromhex('6b1cc9a5d0e7f2138c4a5b96f7081e2d3c4b5a69788796a5b4c3d2e1f00f1e2d')
    algorithm = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    algorithm.bind(('skcipher', 'cbc(aes)'))
    algorithm.setsockopt(socket.SOL_ALG, socket.ALG_SET_KEY, key)
    operation = algorithm.accept()[0]
    operation.sendmsg_afalg([b'0123456789abcdef'], op=socket.ALG_OP_ENCRYPT, iv=b'\0' * 16)
    operation.recv(16)
    held += [algorithm, operation]
    return [{'key': key.hex(), 'bits': 256, 'pid': None, 'address': None, 'use': 'kernel cbc(aes) through AF_ALG'}]


# -------------------------------------------------------------------------------------------- processes


def threads(held):
    """Twelve threads with names of their own, one of them with a nice value of its own."""
    def live(number):
        set_comm(f'worker/{number}'.encode())
        if number == 3:
            os.setpriority(os.PRIO_PROCESS, syscall('gettid'), 7)
        started.release()
        threading.Event().wait()
    started = threading.Semaphore(0)
    for number in range(12):
        threading.Thread(target=live, args=(number,), daemon=True).start()
    for _ in range(12):
        started.acquire()


def headless():
    """A process whose first thread has ended while another lives on: its leader is a zombie."""
    pid = os.fork()
    if pid == 0:
        set_comm(b'headless')
        ready = threading.Semaphore(0)

        def live():
            set_comm(b'survivor')
            ready.release()
            sleep_for_good_in_thread()
        threading.Thread(target=live, daemon=True).start()
        ready.acquire()
        syscall('exit', 0)
    parts['headless'] = pid


def sleep_for_good_in_thread():
    while True:
        time.sleep(100000)


def identity(uids, gids, groups):
    os.setgroups(groups)
    os.setresgid(*gids)
    os.setresuid(*uids)


def scheduled(policy, priority):
    os.sched_setscheduler(0, policy, os.sched_param(priority))


def zombie():
    pid = os.fork()
    if pid == 0:
        set_comm(b'zombie')
        os._exit(3)
    parts['zombie'] = pid


def stopped():
    pid = os.fork()
    if pid == 0:
        set_comm(b'stopped')
        os.kill(os.getpid(), signal.SIGSTOP)
        sleep_for_good()
    parts['stopped'] = pid


def traced():
    """Stopped by its tracer: state t, not T."""
    traced_pid = os.fork()
    if traced_pid == 0:
        set_comm(b'traced')
        libc.ptrace(PTRACE_TRACEME, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        sleep_for_good()
    os.waitpid(traced_pid, os.WUNTRACED)
    return traced_pid


def uninterruptible():
    """Its child has borrowed its memory with vfork and never gives it back: state D, and one mm for two."""
    pid = os.fork()
    if pid == 0:
        set_comm(b'vfork-parent')
        borrowed = libc.syscall(SYSCALLS['clone'], CLONE_VM | CLONE_VFORK | signal.SIGCHLD, 0, 0, 0, 0)
        if borrowed == 0:
            set_comm(b'vfork-child')
        sleep_for_good()
    parts['vfork-parent'] = pid


def session(held):
    """A session leader with a terminal of its own, and a foreground job in it."""
    master, slave = os.openpty()
    os.setsid()
    fcntl.ioctl(slave, 0x540E, 0)  # TIOCSCTTY
    if os.fork() == 0:
        os.setpgid(0, 0)
        set_comm(b'job')
        sleep_for_good()
    held += [master, slave]


def own_arguments(text):
    """Writes over the area of its arguments, as servers do to show what they are busy with."""
    fields = open('/proc/self/stat').read().rpartition(')')[2].split()
    start, end = int(fields[45]), int(fields[46])
    area = text[:end - start] + b'\0' * max(0, end - start - len(text))
    ctypes.memmove(start, area, end - start)


def own_long_arguments():
    """The same, past the end of the arguments and into the environment: the kernel follows it there."""
    fields = open('/proc/self/stat').read().rpartition(')')[2].split()
    start, end, environment_end = int(fields[45]), int(fields[46]), int(fields[48])
    text = b'server: accepting connections ' + b'.' * (end - start)
    text = text[:environment_end - start - 1]
    ctypes.memmove(start, text + b'\0' * (environment_end - start - len(text)), environment_end - start)


def in_namespaces():
    """First process of a pid namespace, with mounts, host name and IPC of its own."""
    check(libc.unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC), 'unshare')
    ready, say = os.pipe()
    if os.fork() == 0:
        set_comm(b'container-init')
        libc.mount(b'none', b'/', None, 0x44000, None)  # MS_PRIVATE | MS_REC
        libc.mount(b'proc', b'/proc', b'proc', 0, None)
        libc.mount(b'tmpfs', b'/srv', b'tmpfs', 0, None)
        libc.sethostname(b'inner', 5)
        inside = os.open('/srv/inside the container', os.O_RDWR | os.O_CREAT)
        os.write(inside, b'hello')
        if os.fork() == 0:
            set_comm(b'container-job')
            os.write(say, b'x')
            sleep_for_good()
        sleep_for_good()
    os.read(ready, 1)


def in_user_namespace():
    check(libc.unshare(CLONE_NEWUSER), 'unshare')
    outside = os.getpid()
    with open(f'/proc/{outside}/uid_map', 'w') as file:
        file.write('0 0 1')


def jailed(held):
    os.makedirs('/srv/jail/tmp', exist_ok=True)
    held.append(os.open('/etc/passwd', os.O_RDONLY))
    os.chroot('/srv/jail')
    os.chdir('/tmp')
    held.append(os.open('/tmp/in-jail', os.O_RDWR | os.O_CREAT))


# ------------------------------------------------------------------------------------------------ files


def kinds_of_files(held):
    """One descriptor of every kind."""
    def keep(descriptor):
        held.append(descriptor)
        return descriptor

    os.makedirs('/tmp/files', exist_ok=True)
    os.chdir('/tmp/files')
    one = keep(os.open('regular', os.O_RDWR | os.O_CREAT))
    os.write(one, b'0123456789')
    os.lseek(one, 7, os.SEEK_SET)
    keep(os.dup(one))
    keep(os.open('appended', os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_SYNC))
    big = keep(os.open('sparse', os.O_RDWR | os.O_CREAT))
    os.lseek(big, 5 << 32, os.SEEK_SET)
    keep(os.open('.', os.O_RDONLY | os.O_DIRECTORY))
    keep(os.open('gone', os.O_RDWR | os.O_CREAT))
    os.unlink('gone')
    os.mkdir('gone-folder')
    keep(os.open('gone-folder', os.O_RDONLY))
    os.rmdir('gone-folder')
    keep(os.open('/tmp/files', os.O_RDWR | os.O_TMPFILE))
    keep(os.open('renamed', os.O_RDWR | os.O_CREAT))
    os.rename('renamed', 'has another name')
    keep(os.open(b'odd\n\x1b[31m\xff \\name', os.O_RDWR | os.O_CREAT))
    keep(os.open('name (deleted)', os.O_RDWR | os.O_CREAT))
    deep = '/tmp/files/' + '/'.join(['d' * 60] * 10)
    os.makedirs(deep, exist_ok=True)
    keep(os.open(deep + '/deep', os.O_RDWR | os.O_CREAT))
    os.symlink('regular', 'link')
    keep(os.open('link', os.O_PATH | os.O_NOFOLLOW))
    keep(os.open('regular', os.O_PATH))
    for descriptor in os.pipe():
        keep(descriptor)
    os.mkfifo('fifo')
    keep(os.open('fifo', os.O_RDWR))
    for path in ('/dev/null', '/dev/zero', '/dev/urandom', '/dev/ptmx', '/dev/kmsg', '/dev/vda', '/dev/console'):
        keep(os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    for path in ('/proc/self/status', '/proc/1/maps', '/proc/cpuinfo', '/sys/kernel/notes', '/proc/self/ns/net',
                 '/proc/self/ns/mnt', '/etc/passwd', '/usr/bin/env', '/proc', '/proc/1', '/sys', '/'):
        keep(os.open(path, os.O_RDONLY))
    syscall('eventfd2', 3, 0)
    watched = select.epoll()
    keep(watched)
    timer = syscall('timerfd_create', 1, 0)
    watched.register(timer, select.EPOLLIN)
    mask = ctypes.byref(ctypes.c_uint64(1 << 9))
    syscall('signalfd4', -1, mask, 8, 0)
    inotify = syscall('inotify_init1', 0)
    libc.inotify_add_watch(inotify, b'/tmp', 0x100)
    keep(os.memfd_create('scratch pad'))
    for name, arguments in (('pidfd_open', (os.getpid(), 0)), ('userfaultfd', (0,))):
        try:
            syscall(name, *arguments)
        except OSError:
            pass
    try:
        syscall('io_uring_setup', 4, ctypes.create_string_buffer(120))
    except OSError:
        pass
    keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    far = keep(os.open('/dev/null', os.O_RDWR))
    os.dup2(far, 700)


def mounts_for_files(held):
    """The same file under several mounts, under mounts in mounts, and under mounts that are gone."""
    def mount(source, target, kind=None, flags=0, data=None):
        os.makedirs(target, exist_ok=True)
        check(libc.mount(source, target.encode(), kind, flags, data), f'mount {target}')

    bind, lazily = 0x1000, 2
    mount(b'tmpfs', '/mnt/a', b'tmpfs')
    mount(b'tmpfs', '/mnt/a/b', b'tmpfs')
    os.makedirs('/mnt/a/b/c')
    held.append(os.open('/mnt/a/b/c/file', os.O_RDWR | os.O_CREAT))
    mount(b'/mnt/a/b/c', '/mnt/bound', None, bind)
    held.append(os.open('/mnt/bound/file', os.O_RDONLY))
    mount(b'/mnt/a', '/mnt/copy', None, bind | 0x4000)
    held.append(os.open('/mnt/copy/b/c/file', os.O_RDONLY))
    open('/mnt/one-file', 'w').close()
    check(libc.mount(b'/mnt/a/b/c/file', b'/mnt/one-file', None, bind, None), 'mount file')
    held.append(os.open('/mnt/one-file', os.O_RDONLY))
    mount(b'tmpfs', '/mnt/left', b'tmpfs')
    held.append(os.open('/mnt/left/file', os.O_RDWR | os.O_CREAT))
    check(libc.umount2(b'/mnt/left', lazily), 'umount')
    mount(b'tmpfs', '/mnt/covered', b'tmpfs')
    held.append(os.open('/mnt/covered/file', os.O_RDWR | os.O_CREAT))
    mount(b'tmpfs', '/mnt/covered', b'tmpfs')
    held.append(os.open('/mnt/covered/file', os.O_RDWR | os.O_CREAT))


def overlay(held):
    for name in ('lower', 'upper', 'work', 'merged'):
        os.makedirs(f'/tmp/overlay/{name}', exist_ok=True)
    for name in ('below', 'changed'):
        open(f'/tmp/overlay/lower/{name}', 'w').write('lower' * 1000)
    shutil.copy(SLEEP, b'/tmp/overlay/lower/tool')
    options = b'lowerdir=/tmp/overlay/lower,upperdir=/tmp/overlay/upper,workdir=/tmp/overlay/work'
    check(libc.mount(b'overlay', b'/tmp/overlay/merged', b'overlay', 0, options), 'mount overlay')
    held.append(os.open('/tmp/overlay/merged/below', os.O_RDONLY))
    held.append(os.open('/tmp/overlay/merged/changed', os.O_RDWR))
    held.append(os.open('/tmp/overlay/merged/new', os.O_RDWR | os.O_CREAT))
    mapped = os.open('/tmp/overlay/merged/below', os.O_RDONLY)
    held.append(mmap.mmap(mapped, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ))
    execute('overlay-exe', b'/tmp/overlay/merged/tool', [b'tool', b'1000000'])


# ------------------------------------------------------------------------------------------------- maps


def kinds_of_maps(held):
    """One mapping of every kind."""
    page = mmap.PAGESIZE
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]

    def mapping(length, protection, flags, descriptor=-1, offset=0):
        address = libc.mmap(None, length, protection, flags, descriptor, offset)
        if address in (None, ctypes.c_void_p(-1).value):
            raise OSError(ctypes.get_errno(), 'mmap')
        return address

    os.makedirs('/tmp/maps', exist_ok=True)
    names = [b'/tmp/maps/plain', b'/tmp/maps/odd\nname \\ \xff', b'/tmp/maps/gone', b'/root/on disk']
    for name in names:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT)
        os.ftruncate(descriptor, 16 * page)
        address = mapping(4 * page, 3, 1, descriptor, 2 * page)
        ctypes.memset(address, 0x41, page)
        mapping(2 * page, 1, 2, descriptor, 8 * page)
        os.close(descriptor)
    os.unlink('/tmp/maps/gone')
    shared = mapping(8 * page, 3, 0x21)
    ctypes.memset(shared, 0x42, page)
    mapping(4 * page, 0, 0x22)
    code = mapping(page, 7, 0x22)
    ctypes.memmove(code, b'\xc3' * 16, 16)
    mapping(3 * page, 4, 0x22)
    memory = os.memfd_create('mapped memory')
    os.ftruncate(memory, 4 * page)
    mapping(4 * page, 3, 1, memory)
    zero = os.open('/dev/zero', os.O_RDWR)
    mapping(2 * page, 3, 2, zero)
    segment = check(libc.shmget(0x56455354, ctypes.c_size_t(16 * page), 0o1600), 'shmget')
    libc.shmat.restype = ctypes.c_void_p
    libc.shmat(segment, None, 0)
    big = mapping(16 << 20, 3, 0x22)
    ctypes.memset(big, 1, 3 << 20)
    locked = mapping(4 * page, 3, 0x22)
    libc.mlock(ctypes.c_void_p(locked), ctypes.c_size_t(2 * page))
    libc.madvise(ctypes.c_void_p(big + (8 << 20)), ctypes.c_size_t(4 << 20), 16)  # MADV_DONTDUMP
    named = mapping(2 * page, 3, 0x22)
    libc.prctl(0x53564D41, 0, ctypes.c_ulong(named), ctypes.c_ulong(2 * page), ctypes.c_char_p(b'my arena'))
    mapping(16 * page, 3, 0x122)  # MAP_GROWSDOWN
    held += [memory, zero]


def running_deleted():
    data = open('/bin/sleep', 'rb').read()
    with open('/tmp/evil tool', 'wb') as file:
        file.write(data)
    os.chmod('/tmp/evil tool', 0o755)
    execute('deleted-exe', b'/tmp/evil tool', [b'/tmp/evil tool', b'1000000'])
    os.unlink('/tmp/evil tool')


def through_the_loader():
    """What is executed is the dynamic loader, and the program only its argument."""
    loader = {'x86_64': b'/lib64/ld-linux-x86-64.so.2', 'aarch64': b'/lib/ld-linux-aarch64.so.1', 'i686': b'/lib/ld-linux.so.2'}
    execute('loader-exe', loader[os.uname().machine], [b'sleep', SLEEP, b'1000000'])


def running_memfd():
    memory = os.memfd_create('payload', 0)
    os.write(memory, open('/bin/sleep', 'rb').read())
    execute('memfd-exe', f'/proc/self/fd/{memory}'.encode(), [b'[kworker/0:9]', b'1000000'])
    os.close(memory)


# ------------------------------------------------------------------------------------------------- keys


def libcrypto():
    return ctypes.CDLL('libcrypto.so.3')


def expanded_keys(held):
    """Keys expanded by OpenSSL's own routine into places that are known, one of them not aligned."""
    crypto = libcrypto()
    told = []
    for bits, shift, text in (
        (128, 0, '5c0f3a71e9b24d86a1f7c3d2489e6b10'),
        (192, 8, 'f1e2d3c4b5a69788796a5b4c3d2e1f0fa55ac33c69961ee1'),
        (256, 3, '00d1a2b3c4e5f60718293a4b5c6d7e8f9fa0b1c2d3e4f5061728394a5b6c7d8e'),
    ):
        place = mmap.mmap(-1, 4096)
        address = ctypes.addressof(ctypes.c_char.from_buffer(place)) + 512 + shift
        scratch = ctypes.create_string_buffer(512)
        crypto.AES_set_encrypt_key(bytes.fromhex(text), bits, scratch)
        ctypes.memmove(address, scratch, 244)
        ctypes.memset(scratch, 0, 512)
        held.append(place)
        told.append({'key': text, 'bits': bits, 'pid': os.getpid(), 'address': f'{address:x}', 'use': 'AES_set_encrypt_key'})
    return told


def openssl_at_work(held):
    """The openssl command, in the middle of encrypting a stream that never ends."""
    key = 'c47b0294dbbbee0fec4757f22ffeee3587ca4730c3d33b691df38bab076bc558'
    os.mkfifo('/run/stream')
    child = subprocess.Popen(
        ['openssl', 'enc', '-aes-256-ctr', '-K', key, '-iv', '0' * 32, '-in', '/run/stream', '-out', '/run/stream.enc'],
    )
    stream = os.open('/run/stream', os.O_WRONLY)
    os.write(stream, b'secret' * 4000)
    held.append(stream)
    deadline = time.time() + 30
    while not (os.path.exists('/run/stream.enc') and os.path.getsize('/run/stream.enc') > 0) and time.time() < deadline:
        time.sleep(0.1)
    return [{'key': key, 'bits': 256, 'pid': child.pid, 'address': None, 'use': 'openssl enc -aes-256-ctr'}]


def encrypted_volume():
    """A volume of dm-crypt over a loop device: two 256-bit keys of XTS in kernel memory."""
    halves = ('8a1d94f3c07b2e65d91f48ac3b7e0c5562f9a8d4e71b30c6f5092d8e4b6a7c13',
              '3e5f70a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d')
    with open('/root/volume', 'wb') as file:
        file.truncate(4 << 20)
    subprocess.run(['losetup', '/dev/loop0', '/root/volume'], check=True)
    table = f'0 8192 crypt aes-xts-plain64 {"".join(halves)} 0 /dev/loop0 0'
    subprocess.run(['dmsetup', 'create', '--noudevsync', 'secret', '--table', table], check=True)
    subprocess.run(['dmsetup', 'mknodes'], check=True)
    with open('/dev/mapper/secret', 'r+b') as volume:
        volume.write(b'text on the encrypted volume\n' * 100)
        volume.flush()
        os.fsync(volume.fileno())
    return [{'key': half, 'bits': 256, 'pid': None, 'address': None, 'use': 'dm-crypt aes-xts-plain64'} for half in halves]


def keyrings():
    """Keys of the kernel's own keyrings."""
    for kind, name, payload in ((b'user', b'vestige:note', b'a payload'), (b'logon', b'vestige:secret', b'not readable')):
        syscall('add_key', kind, name, payload, len(payload), -4)  # the user's keyring


# ---------------------------------------------------------------------------------------------- the log


def kernel_log():
    """Lines of many levels and facilities, and of every awkward shape that a program may write."""
    lines = [
        b'<0>vestige: emergency', b'<1>vestige: alert', b'<2>vestige: critical', b'<3>vestige: error',
        b'<4>vestige: warning', b'<5>vestige: notice', b'<6>vestige: information', b'<7>vestige: debug',
        b'<30>daemon[1]: from the daemon facility', b'<86>sshd[2]: from authpriv', b'<191>local7 debug',
        b'vestige: no prefix', b'<14>two\nlines in one record', b'<12>escape \x1b[31m and \xff\xfe bytes and a tab\t.',
        b'<13>' + b'a long line ' * 78, b'<13>', b'<13>trailing newline\n', b'<13>back\\slash',
    ]
    kmsg = os.open('/dev/kmsg', os.O_WRONLY)
    for line in lines:
        try:
            os.write(kmsg, line)
        except OSError as cause:
            missed[f'kmsg {line[:20]!r}'] = str(cause)
    os.close(kmsg)


# ------------------------------------------------------------------------------------------- all of them


def make_processes():
    long_argument = b'x' * 9000
    execute('plain', SLEEP, [b'sleep', b'1000000'])
    execute('long-arguments', SLEEP, [b'sleep', b'1000000'] + [b'0'] * 300 + [b'00' * 2000])
    execute('no-arguments', b'/bin/cat', [], before=silent_input)
    execute('empty-name', SLEEP, [b'', b'1000000'])
    execute('odd-arguments', b'/bin/bash',
            [b'bash', b'-c', b'kill -STOP $$', b'two words', b'new\nline', b'\x1b[31mred\x1b[0m', b'', b'\xff\xfe', long_argument])
    execute('odd-environment', SLEEP, [b'sleep', b'1000000'],
            [b'PATH=/bin', b'EMPTY=', b'NOEQUALS', b'=nameless', b'TWICE=1', b'TWICE=2', b'LINES=a\nb', b'ESCAPE=\x1b[2J',
             b'BYTES=\xff\xfe\x80', b'EQUALS=a=b=c', b'LONG=' + b'y' * 5000, b'SPACE NAME=x', b''])
    execute('no-environment', SLEEP, [b'sleep', b'1000000'], [])
    for value in (-15, 5, 19):
        execute(f'nice{value}', SLEEP, [b'sleep', b'1000000'], before=lambda value=value: os.nice(value))
    execute('realtime', SLEEP, [b'sleep', b'1000000'], before=lambda: scheduled(os.SCHED_FIFO, 10))
    execute('idle-class', SLEEP, [b'sleep', b'1000000'], before=lambda: scheduled(os.SCHED_IDLE, 0))
    execute('setuid-like', SLEEP, [b'sleep', b'1000000'],
            before=lambda: identity((1000, 0, 0), (1000, 5, 6), [4, 24, 27]))
    execute('user', SLEEP, [b'sleep', b'1000000'], before=lambda: identity((1000,) * 3, (1001,) * 3, [1001]))
    execute('big-ids', SLEEP, [b'sleep', b'1000000'], before=lambda: identity((3000000000,) * 3, (4000000000,) * 3, []))
    execute('shell', b'/bin/bash', [b'-bash'], [b'TERM=linux'], before=shell_with_terminal)
    part('escape-name', lambda: set_comm(b'\x1b[31mred\nx'))
    part('bytes-name', lambda: set_comm(b'\xff\xfe caf\xc3\xa9 )('))
    part('empty-comm', lambda: set_comm(b''))
    part('title', own_arguments, b'server: idle')
    part('long-title', own_long_arguments)
    held_part('threads', threads)
    attempt('headless', headless)
    attempt('zombie', zombie)
    attempt('stopped', stopped)
    part('tracer', traced)
    attempt('vfork', uninterruptible)
    held_part('session', session)
    part('namespaces', in_namespaces)
    part('user-namespace', in_user_namespace)
    held_part('jailed', jailed)
    attempt('deleted-exe', running_deleted)
    attempt('memfd-exe', running_memfd)
    attempt('loader-exe', through_the_loader)


def silent_input():
    """An input on which nothing ever arrives: the process holds the other end itself."""
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.set_inheritable(writing, True)


def shell_with_terminal():
    master, slave = os.openpty()
    os.set_inheritable(master, True)
    os.setsid()
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    fcntl.ioctl(0, 0x540E, 0)


def make_second_network():
    held_part('other-network', other_network)
    there = parts['other-network']
    command('ip', 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1', 'netns', str(there))
    command('ip', 'addr', 'add', '10.77.0.1/24', 'dev', 'veth0')
    command('ip', '-6', 'addr', 'add', '2001:db8:77::1/64', 'dev', 'veth0', 'nodad')
    command('ip', 'link', 'set', 'veth0', 'up')
    inside = ['nsenter', '-t', str(there), '-n', 'ip']
    command(*inside, 'addr', 'add', '10.77.0.2/24', 'dev', 'veth1')
    command(*inside, '-6', 'addr', 'add', '2001:db8:77::2/64', 'dev', 'veth1', 'nodad')
    command(*inside, 'link', 'set', 'veth1', 'up')
    command(*inside, 'link', 'set', 'lo', 'up')
    held_part('other-network-sockets', other_network_sockets, there)
    command('ip', 'netns', 'add', 'quiet')


def make_sockets():
    for name, play in (
        ('tcp-server', tcp_server), ('tcp-unaccepted', tcp_unaccepted), ('tcp-shared', tcp_shared),
        ('tcp-bound', tcp_bound_only), ('udp', udp), ('udplite', udplite), ('raw', raw), ('ping', ping),
        ('unix', unix), ('unix-in-flight', unix_in_flight), ('netlink', netlink), ('packet', packet),
    ):
        held_part(name, play)
    attempt('second-network', make_second_network)


def make_short_lived():
    """What the kernel forgets within a minute is made last."""
    for name, play in (
        ('tcp-syn-sent', tcp_syn_sent), ('tcp-syn-received', tcp_syn_received),
        ('tcp-orphans', tcp_peer_of_orphans), ('tcp-time-wait', tcp_time_wait),
    ):
        held_part(name, play)


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    attempt('kernel-log', kernel_log)
    for name, play in (('kernel-crypto', kernel_crypto), ('expanded-keys', expanded_keys), ('openssl', openssl_at_work)):
        keys.extend(held_part(name, play) or [])
    keys.extend(attempt('encrypted-volume', encrypted_volume) or [])
    attempt('keyrings', keyrings)
    make_processes()
    for name, play in (
        ('files', kinds_of_files), ('mounts', mounts_for_files), ('overlay', overlay), ('maps', kinds_of_maps),
    ):
        held_part(name, play)
    attempt('tree', tree.play)
    attempt('controls', controls.play)
    attempt('libraries', libraries.play)
    attempt('disks', disks.play)
    tracing.play()
    make_sockets()
    for name in wanted_parts():
        attempt(name, importlib.import_module(name).play)
    make_short_lived()
    with open('/run/workload.new', 'w') as file:
        json.dump({'keys': keys, 'sockets': sockets, 'parts': parts, 'missed': missed}, file)
    print('missed', json.dumps(missed, indent=1), flush=True)
    os.rename('/run/workload.new', '/run/workload.json')
    set_comm(b'workload')
    sleep_for_good()


if __name__ == '__main__':
    main()
