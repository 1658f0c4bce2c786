"""Containers as an engine makes them: every namespace of their own, a root of their own, containers in containers."""
import os
import socket
import subprocess
import time

from stage import (
    CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS, attempt, check, held_part, libc,
    part, parts, set_comm, sleep_for_good,
)

CLONE_NEWCGROUP, CLONE_NEWTIME = 0x2000000, 0x80
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x1000, 0x4000, 0x40000, 2
EVERYTHING = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP


def mount(source, target, kind=None, flags=0):
    check(libc.mount(source, target.encode(), kind, flags, None), f'mount {target}')


def wait_for(path):
    deadline = time.time() + 100
    while not os.path.exists(path):
        if time.time() > deadline:
            raise OSError(f'no {path}')
        time.sleep(0.05)


def own_root(name):
    """A root of its own, in memory, with the one program that it needs; the old one is put away."""
    root = f'/run/containers/{name}'
    os.makedirs(root, exist_ok=True)
    mount(b'none', '/', None, MS_PRIVATE | MS_REC)
    mount(b'tmpfs', root, b'tmpfs')
    for folder in ('bin', 'proc', 'dev', 'old', 'data', 'etc'):
        os.mkdir(f'{root}/{folder}')
    subprocess.run(['/bin/busybox', 'cp', '/bin/busybox', f'{root}/bin/busybox'], check=True)
    mount(b'/dev', f'{root}/dev', None, MS_BIND | MS_REC)
    with open(f'{root}/etc/hostname', 'w') as file:
        file.write(name)
    os.chdir(root)
    libc.pivot_root(b'.', b'old')
    os.chdir('/')
    mount(b'proc', '/proc', b'proc')


def busybox(*words, environment=None):
    pid = os.fork()
    if pid == 0:
        os.execve('/bin/busybox', words, environment or {'PATH': '/bin', 'container': 'vestige'})
    return pid


def serve(held, address, port):
    made = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM)
    made.bind((address, port))
    made.listen(4)
    near = socket.socket(made.family, socket.SOCK_STREAM)
    near.connect((address, port))
    held += [made, near, made.accept()[0]]


def first_of_container(name, users, nested, say):
    """What runs as the first process of a container, in its namespaces."""
    held = []
    set_comm(f'{name}-init'.encode())
    libc.sethostname(name.encode(), len(name))
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    own_root(name)
    held.append(os.open('/data/state.db', os.O_RDWR | os.O_CREAT))
    held.append(os.open('/dev/null', os.O_RDWR))
    serve(held, '127.0.0.1', 80)
    serve(held, '::1', 443)
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(b'\0container')
    abstract.listen(1)
    held.append(abstract)
    busybox('sleep', '1000000')
    busybox('sh', '-c', 'exec 3</data/state.db; cd /data; sleep 1000000 & wait')
    if users:
        if os.fork() == 0:
            os.setresgid(33, 33, 33)
            os.setresuid(33, 33, 33)
            set_comm(b'www-data')
            sleep_for_good()
    if nested:
        deeper(held, nested)
    check(libc.umount2(b'/old', MNT_DETACH), 'umount')
    os.write(say, b'x')
    globals()['kept'] = held
    sleep_for_good()


def deeper(held, depth):
    """Process namespaces in each other: the innermost process has a pid in each."""
    ready, say = os.pipe()
    if os.fork() == 0:
        check(libc.unshare(CLONE_NEWPID | CLONE_NEWNS), 'unshare')
        if os.fork() == 0:
            set_comm(f'depth-{depth}'.encode())
            if depth > 1:
                deeper(held, depth - 1)
            busybox('sleep', f'{depth}000000')
            os.write(say, b'x')
            sleep_for_good()
        sleep_for_good()
    os.read(ready, 1)


def container(name, users=False, nested=0):
    ready, say = os.pipe()
    if users:
        # Its root is user 100000 outside: the map is written by a process that stays outside.
        asked, answer = os.pipe()
        written, go = os.pipe()
        me = os.getpid()
        if os.fork() == 0:
            os.read(asked, 1)
            for kind in ('uid_map', 'gid_map'):
                with open(f'/proc/{me}/{kind}', 'w') as file:
                    file.write('0 100000 65536')
            os.write(go, b'x')
            os._exit(0)
        check(libc.unshare(CLONE_NEWUSER), 'unshare users')
        os.write(answer, b'x')
        os.read(written, 1)
        os.wait()
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        # The folder of all containers belongs to the root outside.
        check(libc.unshare(CLONE_NEWNS), 'unshare mounts')
        mount(b'none', '/', None, MS_PRIVATE | MS_REC)
        mount(b'tmpfs', '/run', b'tmpfs')
    check(libc.unshare(EVERYTHING), 'unshare')
    pid = os.fork()
    if pid == 0:
        os.close(ready)
        first_of_container(name, users, nested, say)
    os.close(say)
    if os.read(ready, 1) != b'x':
        raise OSError(f'{name} did not start')
    return pid


def join(pid, kinds):
    for kind in kinds:
        there = os.open(f'/proc/{pid}/ns/{kind}', os.O_RDONLY)
        check(libc.setns(there, 0), f'setns {kind}')
        os.close(there)


def executed_in(pid):
    """A shell that an administrator started in a running container: its parent is outside."""
    root = os.open(f'/proc/{pid}/root', os.O_RDONLY)
    join(pid, ('uts', 'ipc', 'net', 'pid', 'mnt'))
    os.fchdir(root)
    os.chroot('.')
    os.chdir('/data')
    os.close(root)
    return busybox('sh', '-c', 'sleep 1000000 & wait')


def side_car(pid, held):
    """A process of another container in the same pod: the network is shared, and nothing else."""
    join(pid, ('net', 'ipc'))
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWUTS), 'unshare')
    libc.sethostname(b'side-car', 8)
    near = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    near.connect(('127.0.0.1', 80))
    held.append(near)


def other_time():
    """A time namespace, whose clock began a week before the machine's."""
    check(libc.unshare(CLONE_NEWTIME), 'unshare time')
    with open('/proc/self/timens_offsets', 'w') as file:
        file.write('boottime 604800 0\nmonotonic 604800 0\n')
    if os.fork() == 0:
        set_comm(b'other-time')
        sleep_for_good()


def play():
    os.makedirs('/run/containers', exist_ok=True)
    web = part('container-web', container, 'web')
    part('container-users', container, 'users', True)
    part('container-nested', container, 'nested', False, 3)
    if web is not None:
        part('container-exec', executed_in, web)
        held_part('container-side-car', side_car, web)
    part('container-time', other_time)
