"""Libraries that no dynamic linker lists: one that is mapped by hand, and one that was taken off the linker's list."""
import ctypes
import mmap
import os
import shutil

from stage import held_part, part

TAKEN = '/root/lib-taken-off.so'


class LinkMap(ctypes.Structure):
    """struct link_map of glibc's link.h: what dlopen gives a pointer to."""


LinkMap._fields_ = [
    ('address', ctypes.c_size_t), ('name', ctypes.c_char_p), ('dynamic', ctypes.c_void_p),
    ('next', ctypes.POINTER(LinkMap)), ('previous', ctypes.POINTER(LinkMap)),
]


def any_library():
    """A library that this process has: which one depends on the architecture."""
    with open('/proc/self/maps') as maps:
        return next(line.split()[-1] for line in maps if '/libz.so' in line or '/libexpat.so' in line)


def by_hand(held):
    """As a loader of an intruder's own does: its code is there, and the linker knows nothing of it. And once more as data alone."""
    shutil.copy(any_library(), '/root/lib-by-hand.so')
    file = os.open('/root/lib-by-hand.so', os.O_RDONLY)
    size = os.fstat(file).st_size
    held.append(mmap.mmap(file, size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC))
    os.close(file)
    shutil.copy(any_library(), '/root/lib-only-read.so')
    file = os.open('/root/lib-only-read.so', os.O_RDONLY)
    held.append(mmap.mmap(file, size, mmap.MAP_PRIVATE, mmap.PROT_READ))
    held[-1][0], held[0][0]
    os.close(file)


def taken_off():
    """Loaded as any other, and then unlinked from the list, as rootkits in a process do."""
    shutil.copy(any_library(), TAKEN)
    handle = ctypes.CDLL(TAKEN)._handle
    own = ctypes.cast(handle, ctypes.POINTER(LinkMap)).contents
    if own.name != TAKEN.encode():
        raise OSError('what dlopen gives is no link_map')
    own.previous.contents.next = own.next
    if own.next:
        own.next.contents.previous = own.previous


def play():
    held_part('library-by-hand', by_hand)
    part('library-taken-off', taken_off)
