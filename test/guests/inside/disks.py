"""Block devices one on the other: partitions of a loop device, the device mapper on one of them, an array on two others."""
import fcntl
import os
import struct
import subprocess
import time

from stage import attempt, check, libc

SECTOR = 512
MIB = 1 << 20
MD_MAJOR = 9
ARRAY = 127


def image(path, mebibytes):
    with open(path, 'wb') as file:
        file.truncate(mebibytes * MIB)
    return path


def partition_table(path):
    """Two primary partitions of a table as old PCs have it."""
    entries = b''.join(
        struct.pack('<B3sB3sII', 0, b'\0\0\0', kind, b'\0\0\0', first, count)
        for kind, first, count in ((0x83, 2048, 4096), (0x82, 8192, 2048), (0, 0, 0), (0, 0, 0))
    )
    with open(path, 'r+b') as file:
        file.seek(446)
        file.write(entries + b'\x55\xaa')


def waits_for(path):
    for _ in range(50):
        if os.path.exists(path):
            return
        time.sleep(0.1)


def partitions():
    os.makedirs('/root/disks', exist_ok=True)
    partition_table(image('/root/disks/two parts', 8))
    subprocess.run(['losetup', '--partscan', '/dev/loop1', '/root/disks/two parts'], check=True)
    waits_for('/dev/loop1p2')
    table = '0 4096 linear /dev/loop1p1 0'
    subprocess.run(['dmsetup', 'create', '--noudevsync', '--uuid', 'LVM-stage', 'vg-plain', '--table', table], check=True)
    subprocess.run(['dmsetup', 'mknodes'], check=True)


def read_only():
    image('/root/disks/read only', 1)
    subprocess.run(['losetup', '--read-only', '--offset', '4096', '/dev/loop2', '/root/disks/read only'], check=True)
    memory = os.memfd_create('a disk in memory')
    os.ftruncate(memory, MIB)
    subprocess.run(['losetup', '/dev/loop5', f'/proc/self/fd/{memory}'], check=True, pass_fds=[memory])
    os.close(memory)


def request(number, size):
    """_IOW of the driver of arrays."""
    return (1 << 30) | (size << 16) | (MD_MAJOR << 8) | number


def array():
    """A mirror of two loop devices that keeps nothing of itself on them."""
    subprocess.run(['modprobe', 'raid1'], check=True)
    disks = []
    for number in (3, 4):
        image(f'/root/disks/half {number}', 2)
        subprocess.run(['losetup', f'/dev/loop{number}', f'/root/disks/half {number}'], check=True)
        disks.append(os.stat(f'/dev/loop{number}').st_rdev)
    with open('/sys/module/md_mod/parameters/new_array', 'w') as file:
        file.write(f'md{ARRAY}')
    waits_for(f'/dev/md{ARRAY}')
    device = os.open(f'/dev/md{ARRAY}', os.O_RDWR)
    # mdu_array_info_t: version 0.90, level 1, 1 MiB, two disks that are the array's, not persistent.
    info = struct.pack('<17i', 0, 90, 3, 0, 1, 1024, 2, 2, ARRAY, 1, 0, 1, 2, 2, 0, 0, 0) + b'\0' * 4
    fcntl.ioctl(device, request(0x23, 72), info[:72])
    for nth, number in enumerate(disks):
        disk = struct.pack('<5i', nth, os.major(number), os.minor(number), nth, 6)
        fcntl.ioctl(device, request(0x21, 20), disk)
    fcntl.ioctl(device, request(0x30, 12), struct.pack('<3i', 0, 0, 0))
    os.close(device)


def swap():
    image('/root/disks/swap', 1)
    os.chmod('/root/disks/swap', 0o600)
    subprocess.run(['losetup', '/dev/loop6', '/root/disks/swap'], check=True)
    subprocess.run(['mkswap', '/dev/loop6'], check=True, stdout=subprocess.DEVNULL)
    check(libc.swapon(b'/dev/loop6', 0), 'swapon')


def play():
    for name, make in (('partitions', partitions), ('read-only', read_only), ('array', array), ('swap', swap)):
        attempt(f'disks-{name}', make)
