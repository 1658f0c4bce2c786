"""Thousands of processes, each as cheap as one can be: a program of a few bytes that waits for a signal."""
import os
import struct

from stage import MACHINE, held_part, set_comm

CHIEFS = 20
EACH = 200
PROGRAM = '/tmp/crowd'

# Wait for a signal, for good: pause(), or ppoll(NULL, 0, NULL, NULL) where there is no pause.
CODE = {
    'x86_64': bytes.fromhex('b822000000' '0f05' 'ebf7'),
    'i686': bytes.fromhex('b81d000000' 'cd80' 'ebf7'),
    'aarch64': struct.pack('<7I', 0xD2800928, 0xD2800000, 0xD2800001, 0xD2800002, 0xD2800003, 0xD4000001, 0x17FFFFFB),
}[MACHINE]
ELF_MACHINE = {'x86_64': 62, 'i686': 3, 'aarch64': 183}[MACHINE]


def smallest_program():
    """An ELF file with one segment, which holds its headers and the code."""
    if MACHINE == 'i686':
        base, head, segment = 0x08048000, 52, 32
        start = base + head + segment
        length = head + segment + len(CODE)
        identity = b'\x7fELF\x01\x01\x01' + b'\0' * 9
        header = struct.pack('<HHIIIIIHHHHHH', 2, ELF_MACHINE, 1, start, head, 0, 0, head, segment, 1, 0, 0, 0)
        program = struct.pack('<8I', 1, 0, base, base, length, length, 5, 0x1000)
    else:
        base, head, segment = 0x400000, 64, 56
        start = base + head + segment
        length = head + segment + len(CODE)
        identity = b'\x7fELF\x02\x01\x01' + b'\0' * 9
        header = struct.pack('<HHIQQQIHHHHHH', 2, ELF_MACHINE, 1, start, head, 0, 0, head, segment, 1, 0, 0, 0)
        program = struct.pack('<IIQQQQQQ', 1, 5, 0, base, base, length, length, 0x10000)
    return identity + header + program + CODE


def chief(number, held):
    """One user's two hundred processes, children of one."""
    os.setresgid(2000 + number, 2000 + number, 2000 + number)
    os.setresuid(2000 + number, 2000 + number, 2000 + number)
    set_comm(f'chief-{number}'.encode())
    for member in range(EACH):
        # Not by fork: that would copy the tables of Python's own memory each time.
        held.append(os.posix_spawn(PROGRAM, [f'crowd/{number}', str(member)], {'MEMBER': str(member)}))


def play():
    with open(PROGRAM, 'wb') as file:
        file.write(smallest_program())
    os.chmod(PROGRAM, 0o755)
    for number in range(CHIEFS):
        held_part(f'crowd-{number}', chief, number)
