"""What engines and administrators lay on processes: control groups, limits, signals, policies, rights, locks, watches."""
import ctypes
import fcntl
import os
import resource
import signal
import struct
import threading
import time

from stage import MACHINE, PTRACE_TRACEME, SLEEP, attempt, check, execute, held_part, libc, part, set_comm, sleep_for_good

CGROUPS = '/sys/fs/cgroup'
ID = '4f1e0c9ab2d87365'
POD = '3b9c6f2e-8d14-4f7a-9c05-1e2d3c4b5a69'

# The names that each engine gives, with systemd and without, and what it puts into the environment.
CONTAINERS = {
    'docker-systemd': (f'system.slice/docker-{ID * 4}.scope', [b'HOSTNAME=4f1e0c9ab2d8']),
    'docker-plain': (f'docker/{ID[::-1] * 4}', [b'HOSTNAME=56378d2ba9c0']),
    'containerd': (
        f'kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD.replace("-", "_")}.slice/'
        f'cri-containerd-{"1a2b3c4d" * 8}.scope',
        [b'HOSTNAME=web-5d9c7b6f4-x2x7q', b'KUBERNETES_SERVICE_HOST=10.96.0.1', b'KUBERNETES_PORT=tcp://10.96.0.1:443'],
    ),
    'crio': (
        f'kubepods/besteffort/pod{POD}/crio-{"9f8e7d6c" * 8}', [b'HOSTNAME=batch-0', b'KUBERNETES_SERVICE_HOST=10.96.0.1'],
    ),
    'podman': (
        f'machine.slice/libpod-{"0badcafe" * 8}.scope/container', [b'container=podman', b'HOSTNAME=0badcafe0bad'],
    ),
    'nspawn': ('machine.slice/systemd-nspawn@stage.service/payload', [b'container=systemd-nspawn']),
    'lxc': ('lxc.payload.legacy/init.scope', [b'container=lxc']),
    'no-container': ('user.slice/user-1000.slice/session-3.scope', [b'HOME=/home']),
    'odd-cgroup': ('odd\x1b[31m group (deleted)', [b'HOME=/']),
}


def into_group(path):
    folder = os.path.join(CGROUPS, path)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'cgroup.procs'), 'w') as file:
        file.write(str(os.getpid()))


def grouped():
    for name, (path, environment) in CONTAINERS.items():
        execute(f'group-{name}', SLEEP, [b'sleep', b'1000000'], [b'PATH=/bin'] + environment,
                before=lambda path=path: into_group(path))
    # Frozen, and one whose group was removed in name only: it has no process any more but a zombie holds it.
    execute('group-frozen', SLEEP, [b'sleep', b'1000000'], before=lambda: into_group('frozen.slice'))
    with open(f'{CGROUPS}/frozen.slice/cgroup.freeze', 'w') as file:
        file.write('1')


def limited(held):
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (100000, 200000))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(resource.RLIMIT_NICE, (30, 40))
    resource.setrlimit(resource.RLIMIT_RTTIME, (1000000, 2000000))


def signalled(held):
    """Handlers, ignored, blocked, and pending ones, of the process and of one thread."""
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGRTMIN + 5, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGTERM, signal.SIGRTMIN + 7, signal.SIGRTMAX})
    os.kill(os.getpid(), signal.SIGUSR2)
    for _ in range(3):
        os.kill(os.getpid(), signal.SIGRTMIN + 7)
    ready = threading.Event()

    def live():
        set_comm(b'blocks-more')
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGWINCH})
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        ready.set()
        threading.Event().wait()
    threading.Thread(target=live, daemon=True).start()
    ready.wait()


def policies():
    """A part for each policy; a deadline needs the system call itself."""
    def deadline():
        number = {'x86_64': 314, 'aarch64': 274, 'i686': 351}[MACHINE]
        wanted = struct.pack('<IIQiIQQQ', 48, 6, 0, 0, 0, 1000000, 50000000, 100000000)
        check(libc.syscall(number, 0, wanted, 0), 'sched_setattr')

    def on_first_cpu():
        os.sched_setaffinity(0, {0})

    for name, before in (
        ('policy-rr', lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(42))),
        ('policy-batch', lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))),
        ('policy-deadline', deadline),
        ('policy-reset', lambda: os.sched_setscheduler(0, os.SCHED_FIFO | 0x40000000, os.sched_param(3))),
        ('pinned', on_first_cpu),
    ):
        execute(name, SLEEP, [b'sleep', b'1000000'], before=before)


def oom(value):
    with open('/proc/self/oom_score_adj', 'w') as file:
        file.write(str(value))


def seccomp_filter():
    """A filter that allows everything, twice; a program that may gain no more rights."""
    check(libc.prctl(38, 1, 0, 0, 0), 'PR_SET_NO_NEW_PRIVS')
    allow = struct.pack('<HBBI', 6, 0, 0, 0x7FFF0000)
    program = ctypes.create_string_buffer(allow)
    wide = ctypes.sizeof(ctypes.c_void_p) == 8
    head = struct.pack('<HxxxxxxQ' if wide else '<HxxI', 1, ctypes.addressof(program))
    for _ in range(2):
        check(libc.prctl(22, 2, ctypes.c_char_p(head), 0, 0), 'PR_SET_SECCOMP')


def capable(inheritable, ambient, bounding, bits):
    """Rights as a service manager gives them: some inherited, some ambient, many out of reach."""
    def before():
        number = {'x86_64': (126, 125), 'aarch64': (91, 90), 'i686': (185, 184)}[MACHINE]
        head = struct.pack('<II', 0x20080522, 0)
        data = ctypes.create_string_buffer(24)
        check(libc.syscall(number[1], ctypes.create_string_buffer(head), data), 'capget')
        words = list(struct.unpack('<6I', data.raw[:24]))
        for capability in inheritable:
            words[(capability // 32) * 3 + 2] |= 1 << capability % 32
        check(libc.syscall(number[0], ctypes.create_string_buffer(head), struct.pack('<6I', *words)), 'capset')
        for capability in ambient:
            check(libc.prctl(47, 2, capability, 0, 0), 'PR_CAP_AMBIENT')
        for capability in bounding:
            check(libc.prctl(24, capability, 0, 0, 0), 'PR_CAPBSET_DROP')
        if bits:
            check(libc.prctl(28, bits, 0, 0, 0), 'PR_SET_SECUREBITS')
        os.setgroups([27, 4])
        os.setresgid(1000, 1000, 1000)
        os.setresuid(1000, 1000, 1000)
    return before


def traced_twice(held):
    """One tracer of two: a whole process, seized and running on, and one thread of another."""
    for name in (b'seized', b'attached'):
        pid = os.fork()
        if pid == 0:
            set_comm(name)
            if name == b'attached':
                libc.ptrace(PTRACE_TRACEME, 0, 0, 0)
                os.kill(os.getpid(), signal.SIGSTOP)
            sleep_for_good()
        if name == b'seized':
            check(libc.ptrace(0x4206, pid, 0, ctypes.c_void_p(0x00100001)), 'PTRACE_SEIZE')  # EXITKILL, TRACESYSGOOD
        else:
            os.waitpid(pid, os.WUNTRACED)


def waiter(name, work):
    """A process that does this, and does not come to its end."""
    if os.fork() == 0:
        set_comm(name)
        work()
        sleep_for_good()
    time.sleep(0.3)


def locks(held):
    """Locks of every kind, and whoever waits for them: also for one that waits itself."""
    os.makedirs('/root/locks', exist_ok=True)
    for name in ('flock', 'posix', 'ofd', 'lease', 'waited', 'write lease', 'breaking', 'gone'):
        held.append(os.open(f'/root/locks/{name}', os.O_RDWR | os.O_CREAT))
    flock, posix, ofd, lease, waited, writing, breaking, gone = held
    fcntl.flock(flock, fcntl.LOCK_EX)
    fcntl.lockf(posix, fcntl.LOCK_EX, 100, 10)
    fcntl.lockf(posix, fcntl.LOCK_SH, 1, 500)
    fcntl.lockf(gone, fcntl.LOCK_EX)
    os.unlink('/root/locks/gone')
    wide = struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 5, 0, 0)
    fcntl.fcntl(ofd, 37, wide)  # F_OFD_SETLK
    # A lease of one kind is given only where nobody has the file open in another.
    for place, name in ((3, 'lease'), (6, 'breaking')):
        os.close(held[place])
        held[place] = os.open(f'/root/locks/{name}', os.O_RDONLY)
        fcntl.fcntl(held[place], 1024, fcntl.F_RDLCK)  # F_SETLEASE
    fcntl.fcntl(writing, 1024, fcntl.F_WRLCK)
    fcntl.flock(waited, fcntl.LOCK_EX)
    waiter(b'waits-for-lock', lambda: fcntl.flock(os.open('/root/locks/waited', os.O_RDWR), fcntl.LOCK_EX))
    waiter(b'waits-too', lambda: fcntl.flock(os.open('/root/locks/waited', os.O_RDWR), fcntl.LOCK_SH))
    waiter(b'waits-for-range', lambda: fcntl.lockf(os.open('/root/locks/posix', os.O_RDWR), fcntl.LOCK_EX, 50, 0))
    waiter(b'waits-for-waiter', lambda: fcntl.lockf(os.open('/root/locks/posix', os.O_RDWR), fcntl.LOCK_EX, 5, 15))
    # Whoever holds a lease has so long to give it up.
    with open('/proc/sys/fs/lease-break-time', 'w') as file:
        file.write('100000')
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    waiter(b'breaks-lease', lambda: os.open('/root/locks/breaking', os.O_WRONLY))


def watches(held):
    os.makedirs(b'/tmp/watched/odd \xff\nname', exist_ok=True)
    open('/tmp/watched/file', 'w').close()
    os.makedirs('/tmp/watched/gone', exist_ok=True)
    folder = os.open('/tmp/watched/gone', os.O_RDONLY)
    held.append(libc.inotify_init1(0))
    for path, mask in (
        (b'/tmp', 0x100), (b'/etc/passwd', 0x2), (b'/root', 0x3C0), (b'/run', 0x80000000 | 0x8),
        (b'/tmp/watched/odd \xff\nname', 0xFFF), (b'/tmp/watched/file', 0x4), (b'/tmp/watched/gone', 0x40000100 & 0xFFF),
        (b'/sys', 0x04000020), (b'/dev/null', 0x18),
    ):
        check(libc.inotify_add_watch(held[0], path, mask), 'inotify_add_watch')
    # A folder that is held open when it goes keeps its watch.
    os.rmdir('/tmp/watched/gone')
    held.append(folder)
    # Two descriptors of one group, and a group that watches nothing.
    held += [os.dup(held[0]), libc.inotify_init1(0o4000)]
    libc.fanotify_mark.argtypes = [ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p]
    for flags, marks in (
        (0, ((0x1, 0x8, b'/etc/group'), (0x11, 0x20, b'/root'))),
        (0x4 | 0x2, ((0x1, 0x10000, b'/tmp/watched/file'), (0x101, 0x2, b'/run/tree'), (0x1 | 0x20, 0x1, b'/etc/passwd'))),
    ):
        notifier = libc.fanotify_init(flags, os.O_RDONLY)
        check(notifier, 'fanotify_init')
        held.append(notifier)
        for how, mask, path in marks:
            # What a kernel lacks of these the others go without.
            libc.fanotify_mark(notifier, how, mask, -100, path)


def play():
    attempt('groups', grouped)
    for name, made in (
        ('limits', limited), ('signals', signalled), ('two-traced', traced_twice), ('locks', locks), ('watches', watches),
    ):
        held_part(name, made)
    attempt('policies', policies)
    execute('oom-never', SLEEP, [b'sleep', b'1000000'], before=lambda: oom(-1000))
    execute('oom-first', SLEEP, [b'sleep', b'1000000'], before=lambda: oom(777))
    execute('filtered', SLEEP, [b'sleep', b'1000000'], before=seccomp_filter)
    execute('ambient', SLEEP, [b'sleep', b'1000000'], before=capable([10, 12, 39], [10], [21, 37], 0))
    execute('locked-bits', SLEEP, [b'sleep', b'1000000'], before=capable([0], [], list(range(1, 38)), 0x2F))
