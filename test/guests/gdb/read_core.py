"""Runs in gdb on a core file: prints threads with their registers and the mapped files, as one JSON document.

gdb -nx -batch -x read_core.py -c CORE
"""
import json

import gdb

NAMES = ('rip', 'rsp', 'orig_rax', 'eip', 'esp', 'orig_eax', 'pc', 'sp', 'x8', 'fs_base', 'tpidr')


def registers():
    """The registers of the thread that is chosen, those of these names that there are."""
    frame = gdb.newest_frame()
    found = {}
    for name in NAMES:
        try:
            found[name] = int(frame.read_register(name)) & 0xffffffffffffffff
        except (gdb.error, ValueError):
            pass
    return found


def before(counter):
    """The bytes in front of the program counter: what the thread went into the kernel by."""
    try:
        return gdb.selected_inferior().read_memory(counter - 4, 4).tobytes().hex()
    except gdb.error:
        return None


def threads():
    for thread in sorted(gdb.selected_inferior().threads(), key=lambda each: each.num):
        thread.switch()
        found = registers()
        counter = found.get('rip', found.get('eip', found.get('pc', 0)))
        yield {'tid': thread.ptid[1], 'registers': {name: hex(value) for name, value in found.items()}, 'before': before(counter)}


def mappings():
    """Each as start, end, offset and path."""
    try:
        text = gdb.execute('info proc mappings', to_string=True)
    except gdb.error:
        return []
    lines = [line.split(None, 4) for line in text.splitlines() if line.strip().startswith('0x')]
    return [[start, end, offset, path[0] if path else ''] for start, end, _, offset, *path in lines]


print('CORE ' + json.dumps({'threads': list(threads()), 'mappings': mappings()}))
