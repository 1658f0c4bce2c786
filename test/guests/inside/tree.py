"""A tree of files of every kind with known digests, on disk and in memory: what is cached of it is to be found again.

What was written goes to /run/tree.json: path, size, digest. The recorder adds what `stat` and `mincore` say at the end.
"""
import hashlib
import json
import os
import random

from stage import check, libc

KNOWN = '/run/tree.json'


def content(seed, length):
    """Bytes that are the same wherever this runs."""
    return random.Random(seed).randbytes(length)


def file(path, data, told, mode=0o644, owner=(0, 0), times=None):
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)
    os.chown(path, *owner)
    os.chmod(path, mode)
    if times:
        os.utime(path, ns=times)
    told.append({'path': os.fsdecode(path), 'sha256': hashlib.sha256(data).hexdigest(), 'size': len(data)})


def tree(root, told):
    for folder in (b'', b'/sub', b'/sub/deeper', b'/empty', b'/odd \xff\x1b[2J\nfolder'):
        os.makedirs(root + folder, exist_ok=True)
    os.chmod(root + b'/empty', 0o1777)
    file(root + b'/none', b'', told)
    file(root + b'/one', b'x', told, 0o4755)
    file(root + b'/page', content(1, 4096), told, 0o600, (1000, 1000))
    file(root + b'/uneven', content(2, 12345), told, times=(978307200123456789, 1015218367987654321))
    file(root + b'/sub/large', content(3, 1 << 20), told, 0o2640, (1000, 0))
    file(root + b'/sub/deeper/text', b'a line of text\n' * 700, told, 0o444)
    file(root + b'/odd \xff\x1b[2J\nfolder/-rf ..\\name', content(4, 777), told)
    file(root + b'/' + b'n' * 250, content(5, 5000), told)
    os.link(root + b'/page', root + b'/sub/second name of page')
    os.symlink(b'sub/large', root + b'/link')
    os.symlink(b'/nowhere/' + b'x' * 300, root + b'/broken link')
    os.mkfifo(root + b'/fifo', 0o640)
    os.mknod(root + b'/null', 0o20666, os.makedev(1, 3))
    holes = os.open(root + b'/holes', os.O_RDWR | os.O_CREAT)
    for place in (0, 40960, 3 << 20):
        os.pwrite(holes, content(place, 4096), place)
    os.ftruncate(holes, 5 << 20)
    os.fsync(holes)
    os.close(holes)
    whole = bytearray(5 << 20)
    for place in (0, 40960, 3 << 20):
        whole[place:place + 4096] = content(place, 4096)
    told.append({'path': os.fsdecode(root + b'/holes'), 'sha256': hashlib.sha256(whole).hexdigest(), 'size': len(whole)})
    # Names that were asked for and are not there are remembered too.
    for name in (b'/not there', b'/sub/nor this', b'/secret\x1b]0;x\x07'):
        try:
            os.stat(root + name)
        except OSError:
            pass


def play():
    told = []
    tree(b'/root/tree', told)
    os.makedirs('/run/tree', exist_ok=True)
    check(libc.mount(b'tmpfs', b'/run/tree', b'tmpfs', 0, b'size=32m,mode=750'), 'mount')
    tree(b'/run/tree', told)
    with open(KNOWN, 'w') as known:
        json.dump(told, known)
