"""Writes what this guest says of itself to the second disk, as one JSON document, and then sleeps.

With a number of seconds as its argument it becomes a small program, drops the kernel's caches and lives that long:
for guests whose memory is kept, and that go on afterwards.

One process reads everything, with no child, as close together as it can: what is read last is dumped first.
Every string is bytes decoded as Latin-1 (see truth.ts for the shape of the document).
"""
import ctypes
import json
import os
import signal
import struct
import subprocess
import sys
import time

import tracing

CLONE_NEWNET = 0x40000000
SYMBOLS = {
    '_stext', '_etext', '_sdata', 'init_task', 'init_uts_ns', 'swapper_pg_dir', 'init_top_pgt', 'modules',
    'net_namespace_list', '__per_cpu_offset', 'page_offset_base', 'linux_banner', 'init_net', '__start_BTF',
}
NET_FILES = [
    'tcp', 'tcp6', 'udp', 'udp6', 'udplite', 'udplite6', 'raw', 'raw6', 'icmp', 'icmp6', 'unix', 'netlink',
    'packet', 'dev', 'route', 'if_inet6', 'arp', 'protocols', 'sockstat', 'sockstat6',
]


def read_bytes(path):
    """The whole file, or None where it cannot be read."""
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError:
        return None


def read(path):
    try:
        with open(path, 'rb', buffering=0) as file:
            parts = []
            while part := file.read(1 << 16):
                parts.append(part)
            return b''.join(parts).decode('latin-1')
    except OSError:
        return None


def link(path):
    try:
        return os.readlink(os.fsencode(path)).decode('latin-1')
    except OSError:
        return None


def names(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def numbers(path):
    return sorted(int(name) for name in names(path) if name.isdigit())


def now():
    return {'realtime': time.time(), 'boottime': time.clock_gettime(time.CLOCK_BOOTTIME)}


def file_of(base, fd):
    target = link(f'{base}/fd/{fd}')
    if target is None:
        return None
    try:
        seen = os.stat(f'{base}/fd/{fd}')
        stat = {
            'dev': seen.st_dev, 'ino': seen.st_ino, 'mode': seen.st_mode, 'rdev': seen.st_rdev,
            'size': seen.st_size, 'nlink': seen.st_nlink, 'uid': seen.st_uid,
        }
    except OSError:
        stat = None
    return {'fd': fd, 'link': target, 'fdinfo': read(f'{base}/fdinfo/{fd}') or '', 'stat': stat}


def is_kernel_thread(stat):
    return int(stat.rpartition(')')[2].split()[6]) & 0x00200000 != 0


def state_of(stat):
    return stat.rpartition(')')[2].split()[0]


def base_of(pid, stat):
    """Where the process's memory and files are shown: where its first thread has ended, at one that goes on."""
    if state_of(stat) != 'Z':
        return f'/proc/{pid}'
    for tid in numbers(f'/proc/{pid}/task'):
        own = read(f'/proc/{pid}/task/{tid}/stat')
        if own is not None and state_of(own) not in 'ZX':
            return f'/proc/{pid}/task/{tid}'
    return f'/proc/{pid}'


def thread(base, tid):
    record = {'tid': tid, 'comm': read(f'{base}/comm') or '', 'stat': read(f'{base}/stat') or ''}
    for name in ('status', 'wchan', 'stack', 'sched', 'schedstat', 'cgroup', 'syscall'):
        record[name] = read(f'{base}/{name}')
    return record


def process(pid, stat):
    base = base_of(pid, stat)
    kernel_thread = is_kernel_thread(stat)
    record = {'pid': pid, 'stat': stat, 'status': read(f'{base}/status'), 'comm': read(f'/proc/{pid}/comm')}
    for name in ('cmdline', 'environ', 'maps', 'cgroup', 'mountinfo', 'auxv'):
        record[name] = None if kernel_thread else read(f'{base}/{name}')
    for name in ('limits', 'oom_score_adj', 'oom_score', 'loginuid', 'uid_map', 'gid_map'):
        record[name] = read(f'{base}/{name}')
    for name in ('exe', 'cwd', 'root'):
        record[name] = link(f'{base}/{name}')
    record['namespaces'] = {} if kernel_thread else {name: link(f'{base}/ns/{name}') for name in names(f'{base}/ns')}
    record['threads'] = [thread(f'/proc/{pid}/task/{tid}', tid) for tid in numbers(f'/proc/{pid}/task')]
    files = [] if kernel_thread else [file_of(base, fd) for fd in numbers(f'{base}/fd')]
    record['files'] = [file for file in files if file is not None]
    return record


def processes(found, wanted):
    """Adds each process of a kind, as JSON: what is written already need not be written when time counts."""
    for pid in numbers('/proc'):
        stat = None if pid in found else read(f'/proc/{pid}/stat')
        if stat is not None and wanted(stat):
            found[pid] = encoded(process(pid, stat))


def encoded(value):
    return json.dumps(value, ensure_ascii=True, separators=(',', ':')).encode('ascii')


def network(base, by, inode):
    return {'inode': inode, 'by': by, 'files': {name: read(f'{base}/net/{name}') for name in NET_FILES}}


def networks():
    """Each namespace once: through a process that lives in it, or by entering one that only a mount holds."""
    found = {}
    for pid in numbers('/proc'):
        target = link(f'/proc/{pid}/ns/net')
        if target:
            inode = int(target[5:-1])
            if inode not in found:
                found[inode] = network(f'/proc/{pid}', str(pid), inode)
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open('/proc/self/ns/net', os.O_RDONLY)
    for name in names('/run/netns'):
        path = f'/run/netns/{name}'
        inode = os.stat(path).st_ino
        if inode not in found:
            there = os.open(path, os.O_RDONLY)
            if libc.setns(there, CLONE_NEWNET) == 0:
                found[inode] = network('/proc/thread-self', path, inode)
                libc.setns(home, CLONE_NEWNET)
            os.close(there)
    os.close(home)
    return list(found.values())


def module(name):
    base = f'/sys/module/{name}'
    record = {'name': name}
    for part in ('initstate', 'refcnt', 'coresize', 'taint'):
        text = read(f'{base}/{part}')
        record[part] = None if text is None else text.strip()
    record['holders'] = sorted(names(f'{base}/holders'))
    note = read_bytes(f'{base}/notes/.note.gnu.build-id')
    record['buildIdNote'] = None if note is None else note.hex()
    record['sections'] = {s: (read(f'{base}/sections/{s}') or '').strip() for s in names(f'{base}/sections')}
    return record


def kernel_log():
    records = []
    kmsg = os.open('/dev/kmsg', os.O_RDONLY | os.O_NONBLOCK)
    while True:
        try:
            records.append(os.read(kmsg, 16384).decode('latin-1'))
        except BlockingIOError:
            break
        except BrokenPipeError:
            continue
    os.close(kmsg)
    return records


def build_id(notes):
    at = 0
    while at + 12 <= len(notes):
        name_length, length, kind = struct.unpack_from('<III', notes, at)
        name = notes[at + 12:at + 12 + name_length]
        start = at + 12 + (name_length + 3 & ~3)
        if kind == 3 and name == b'GNU\0':
            return notes[start:start + length].hex()
        at = start + (length + 3 & ~3)
    return ''


def vmcoreinfo():
    """What the kernel would leave to a crash dump: a note of /proc/kcore, where this kernel writes it there."""
    try:
        with open('/proc/kcore', 'rb', buffering=0) as core:
            head = core.read(64)
            wide = head[4] == 2
            first, size, count = (
                struct.unpack_from('<Q', head, 32) + struct.unpack_from('<HH', head, 54) if wide
                else struct.unpack_from('<I', head, 28) + struct.unpack_from('<HH', head, 42)
            )
            core.seek(first)
            table = core.read(size * count)
            for at in range(0, len(table), size):
                if struct.unpack_from('<I', table, at)[0] != 4:
                    continue
                place, length = (
                    (*struct.unpack_from('<Q', table, at + 8), *struct.unpack_from('<Q', table, at + 32)) if wide
                    else (*struct.unpack_from('<I', table, at + 4), *struct.unpack_from('<I', table, at + 16))
                )
                core.seek(place)
                notes = core.read(length)
                begins = notes.find(b'OSRELEASE=')
                if begins >= 0:
                    return notes[begins:].split(b'\0')[0].decode('latin-1')
    except (OSError, struct.error):
        pass
    return None


def symbols():
    """Read line by line: the whole file is many megabytes."""
    found = {}
    with open('/proc/kallsyms', 'rb') as file:
        for line in file:
            parts = line.split()
            if len(parts) == 3 and parts[2].decode('latin-1') in SYMBOLS:
                found[parts[2].decode('latin-1')] = parts[0].decode('latin-1')
    return found


def system():
    with open('/sys/kernel/notes', 'rb') as file:
        notes = file.read()
    stat = read('/proc/stat')
    return {
        'version': read('/proc/version'), 'uname': list(os.uname()),
        'hostname': read('/proc/sys/kernel/hostname').strip(), 'cmdline': read('/proc/cmdline'),
        'bootId': read('/proc/sys/kernel/random/boot_id').strip(),
        'btime': next(int(line[6:]) for line in stat.split('\n') if line.startswith('btime ')),
        'cpus': os.cpu_count(), 'clockTicksPerSecond': os.sysconf('SC_CLK_TCK'),
        'pageBytes': os.sysconf('SC_PAGE_SIZE'), 'notes': notes.hex(), 'buildId': build_id(notes),
        'symbols': symbols(), 'meminfo': read('/proc/meminfo'), 'cpuinfo': read('/proc/cpuinfo'),
        'iomem': read('/proc/iomem'), 'mounts': read('/proc/self/mountinfo'), 'devices': read('/proc/devices'),
        'vmcoreinfo': vmcoreinfo(), 'locks': read('/proc/locks'), 'swaps': read('/proc/swaps'),
        'partitions': read('/proc/partitions'), 'filesystems': read('/proc/filesystems'), 'block': block_devices(),
        'dentryState': read('/proc/sys/fs/dentry-state'), 'inodeState': read('/proc/sys/fs/inode-state'),
        'cgroups': read('/proc/cgroups'), 'buddyinfo': read('/proc/buddyinfo'), 'interrupts': read('/proc/interrupts'),
    }


def below(path):
    """The small files of a folder of /sys, by name; those of the folders that are named too."""
    found = {}
    for name in names(path):
        if os.path.isfile(f'{path}/{name}') and not os.path.islink(f'{path}/{name}'):
            found[name] = read(f'{path}/{name}')
    return found


def block_devices():
    found = {}
    for name in names('/sys/block'):
        base = f'/sys/block/{name}'
        found[name] = {
            'files': below(base), 'queue': below(f'{base}/queue'), 'dm': below(f'{base}/dm'), 'loop': below(f'{base}/loop'),
            'holders': names(f'{base}/holders'), 'slaves': names(f'{base}/slaves'), 'device': link(f'{base}/device'),
            'partitions': {part: below(f'{base}/{part}') for part in names(base) if read(f'{base}/{part}/partition')},
        }
    return found


def cached_pages(path, size):
    """The numbers of the pages of a file that the kernel holds; None where it does not tell."""
    if size == 0:
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    descriptor = os.open(path, os.O_RDONLY)
    address = libc.mmap(None, size, 1, 1, descriptor, 0)
    os.close(descriptor)
    if address in (None, ctypes.c_void_p(-1).value):
        return None
    page = os.sysconf('SC_PAGE_SIZE')
    vector = ctypes.create_string_buffer((size + page - 1) // page)
    done = libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), vector)
    libc.munmap(ctypes.c_void_p(address), ctypes.c_size_t(size))
    return None if done else [number for number, state in enumerate(vector.raw[:(size + page - 1) // page]) if state & 1]


def known_tree():
    """What the workload wrote, and every name below its folders, as `lstat` and the page cache have them."""
    written = {told['path']: told for told in json.loads(read('/run/tree.json') or '[]')}
    entries = []
    for root in ('/root/tree', '/run/tree'):
        for folder, folders, files in os.walk(os.fsencode(root)):
            for path in [folder] + [os.path.join(folder, name) for name in files] + [
                os.path.join(folder, name) for name in folders if os.path.islink(os.path.join(folder, name))
            ]:
                entries.append(known_file(path, written.get(os.fsdecode(path))))
    return entries


def known_file(path, told):
    seen = os.lstat(path)
    regular = seen.st_mode & 0o170000 == 0o100000
    return {
        'path': path.decode('latin-1'), 'dev': seen.st_dev, 'ino': seen.st_ino, 'mode': seen.st_mode, 'uid': seen.st_uid,
        'gid': seen.st_gid, 'size': seen.st_size, 'nlink': seen.st_nlink, 'rdev': seen.st_rdev, 'blocks': seen.st_blocks,
        'atimeNs': str(seen.st_atime_ns), 'mtimeNs': str(seen.st_mtime_ns), 'ctimeNs': str(seen.st_ctime_ns),
        'target': link(path) if seen.st_mode & 0o170000 == 0o120000 else None,
        'cached': cached_pages(path, seen.st_size) if regular else None,
        'sha256': told and told['sha256'],
    }


class Loaded(ctypes.Structure):
    """struct link_map of glibc's link.h: what dlopen gives a pointer to."""


Loaded._fields_ = [
    ('address', ctypes.c_size_t), ('name', ctypes.c_char_p), ('dynamic', ctypes.c_void_p),
    ('next', ctypes.POINTER(Loaded)), ('previous', ctypes.c_void_p),
]


def loaded_libraries():
    """What the dynamic linker says of this process, in its order. A callback would need memory that can be written and run."""
    found = []
    at = ctypes.cast(ctypes.CDLL(None)._handle, ctypes.POINTER(Loaded))
    while at:
        found.append({'address': at.contents.address, 'name': (at.contents.name or b'').decode('latin-1')})
        at = at.contents.next
    return found


def printed(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        return done.stdout.decode('latin-1')
    except (OSError, subprocess.TimeoutExpired) as cause:
        return f'{cause}'


def write_all(disk, chunks):
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= 1 << 20:
            del waiting[:os.write(disk, waiting[:1 << 20])]
    while waiting:
        del waiting[:os.write(disk, waiting)]


def main():
    disk = os.open('/dev/vdb', os.O_RDWR)
    console = os.open('/dev/console', os.O_WRONLY)
    workload = json.loads(read('/run/workload.json') or '{"keys":[],"parts":{},"missed":{}}')
    document = {'format': 1, 'texts': {
        'ps': printed('ps', '-eo', 'pid,ppid,uid,euid,gid,stat,nice,nlwp,rss,lstart,time,comm,args'),
        'lsmod': printed('lsmod'),
        'ss': printed('ss', '-anpeO'),
        'dmesg': printed('dmesg', '--raw'),
        'uptime': printed('uptime'),
        'free': printed('free'),
        'lsns': printed('lsns', '--raw', '--output-all'),
        'findmnt': printed('findmnt', '--raw', '--output-all'),
        'lsblk': printed('lsblk', '--raw', '--output-all'),
        'lslocks': printed('lslocks', '--raw', '--output-all'),
    }, 'workload': workload}
    document['system'] = system()
    if len(sys.argv) > 1:
        # Such a guest has little memory: none must be taken from others while they are looked at.
        with open('/proc/sys/vm/drop_caches', 'w') as file:
            file.write('3')
    # Under emulation a write-back or a timer takes its time: let what the tools stirred up settle.
    time.sleep(2)
    began = now()
    document['modules'] = {'proc': read('/proc/modules'), 'sys': []}
    document['modules']['sys'] = [module(line.split()[0]) for line in document['modules']['proc'].splitlines()]
    document['kmsg'] = kernel_log()
    document['tracing'] = tracing.record()
    document['tree'] = known_tree()
    head = encoded(document)
    # The processes of users hold still. Connections end by themselves and the kernel's threads work all the time:
    # what moves is read last, as shortly before the dump as it can be.
    found = {}
    processes(found, lambda stat: not is_kernel_thread(stat))
    nets = encoded(networks())
    processes(found, is_kernel_thread)
    recorder = encoded({'pid': os.getpid(), 'began': began, 'ended': now(), 'libraries': loaded_libraries()})
    chunks = [head[:-1], b',"networks":', nets, b',"recorder":', recorder, b',"processes":[']
    for nth, pid in enumerate(sorted(found)):
        chunks += [b',', found[pid]] if nth else [found[pid]]
    chunks.append(b']}')
    write_all(disk, [b'VSTGTRTH' + struct.pack('<Q', sum(map(len, chunks)))] + chunks)
    os.fsync(disk)
    if len(sys.argv) > 1:
        # What is held stays held: the disk's driver counts who has it open.
        os.set_inheritable(disk, True)
        last = f'sync; echo 3 >/proc/sys/vm/drop_caches; sleep 0.3; echo GUEST-READY >/dev/console; exec sleep {int(sys.argv[1])}'
        os.execv('/bin/busybox', ['sh', '-c', last])
    # One line on the serial console: the host stops the machine when it sees it.
    os.write(console, b'GUEST-READY\n')
    while True:
        signal.pause()


if __name__ == '__main__':
    main()
