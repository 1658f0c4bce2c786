"""Sockets of families beside IP, Unix and netlink, and sockets of IP in other ways than TCP and UDP.

What /proc/net does not list is told to the recorder by who made it. What this kernel cannot do is left out.
"""
import ctypes
import os
import socket
import struct
import subprocess

import stage
from stage import check, held_part, libc

AF_KCM, AF_QIPCRTR, AF_SMC, AF_XDP, AF_RXRPC, AF_VSOCK, AF_TIPC, AF_BLUETOOTH, AF_CAN = 41, 42, 43, 44, 33, 40, 30, 31, 29
SCTP, MPTCP = 132, 262
SO_BINDTODEVICE = 25
ANY_CID, LOCAL_CID = 0xffffffff, 1


def told(made, family, kind, protocol, state, local=(None, None), remote=(None, None)):
    return {'inode': os.fstat(made.fileno()).st_ino, 'cells': {
        'family': family, 'type': kind, 'protocol': protocol, 'state': state, 'uid': 0, 'device': None, 'hidden': None,
        'localAddress': local[0], 'localPort': local[1], 'remoteAddress': remote[0], 'remotePort': remote[1]}}


def bind_raw(made, address):
    """bind and listen with a sockaddr that this Python knows nothing of."""
    buffer = ctypes.create_string_buffer(address, len(address))
    check(libc.bind(made.fileno(), buffer, len(address)), 'bind')


def vsock_address(cid, port):
    return struct.pack('=HHII4x', AF_VSOCK, 0, port, cid)


def vsock(held):
    listener = socket.socket(AF_VSOCK, socket.SOCK_STREAM)
    bind_raw(listener, vsock_address(ANY_CID, 4402))
    check(libc.listen(listener.fileno(), 3), 'listen')
    held.append(listener)
    seen = [told(listener, 'vsock', 'stream', None, 'LISTEN', ('*', 4402))]
    loose = socket.socket(AF_VSOCK, socket.SOCK_STREAM)
    held.append(loose)
    seen.append(told(loose, 'vsock', 'stream', None, 'UNCONN'))
    near = socket.socket(AF_VSOCK, socket.SOCK_STREAM)
    try:
        near.connect((LOCAL_CID, 4402))
    except OSError:
        return seen  # no loopback in this kernel
    far = listener.accept()[0]
    held += [near, far]
    cid, port = near.getsockname()
    local = (str(LOCAL_CID), 4402)
    # One that is not bound keeps every context ID for its own.
    own = ('*' if cid == ANY_CID else str(cid), port)
    seen.append(told(near, 'vsock', 'stream', None, 'ESTABLISHED', own, local))
    seen.append(told(far, 'vsock', 'stream', None, 'ESTABLISHED', local, (str(far.getpeername()[0]), port)))
    return seen


def sctp(held):
    many = socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET, SCTP)
    many.bind(('127.0.0.1', 4202))
    many.listen(4)
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SCTP)
    one.bind(('127.0.0.1', 4203))
    one.listen(4)
    near = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SCTP)
    near.bind(('127.0.0.1', 4204))
    near.connect(('127.0.0.1', 4202))
    held += [many, one, near]
    association = told(many, 'inet', 'seqpacket', 'sctp', 'ESTABLISHED', ('127.0.0.1', 4202), ('127.0.0.1', 4204))
    return [
        told(many, 'inet', 'seqpacket', 'sctp', 'LISTEN', ('127.0.0.1', 4202)),
        association,
        told(one, 'inet', 'stream', 'sctp', 'LISTEN', ('127.0.0.1', 4203)),
        told(near, 'inet', 'stream', 'sctp', 'ESTABLISHED', ('127.0.0.1', 4204), ('127.0.0.1', 4202)),
    ]


def rxrpc(held):
    def server(port, *backlogs):
        made = socket.socket(AF_RXRPC, socket.SOCK_DGRAM, socket.AF_INET)
        transport = struct.pack('=H', socket.AF_INET) + struct.pack('>H', port) + b'\0' * 12
        bind_raw(made, struct.pack('=HHHH', AF_RXRPC, 1234, socket.SOCK_DGRAM, len(transport)) + transport + b'\0' * 12)
        for backlog in backlogs:
            check(libc.listen(made.fileno(), backlog), 'listen')
        held.append(made)
        return made
    return [
        told(server(4261, 5), 'rxrpc', 'dgram', None, 'LISTEN'),
        # Listening was switched off again.
        told(server(4262, 5, 0), 'rxrpc', 'dgram', None, 'UNCONN'),
    ]


def bound_to_device(held):
    """/proc lists it, and not what it is bound to: ss does."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b'lo\0')
    made.bind(('0.0.0.0', 4241))
    made.listen(1)
    held.append(made)
    return []


def mptcp(held):
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP)
    made.bind(('127.0.0.1', 4263))
    made.listen(1)
    held.append(made)
    return [told(made, 'inet', 'stream', 'mptcp', 'LISTEN', ('127.0.0.1', 4263))]


def plain(name, family, kind, protocol, said, state, listens=None):
    """Sockets that are only made, or bound to a wildcard and listening."""
    def play(held):
        made = socket.socket(family, kind, protocol)
        if listens is not None:
            if listens:
                bind_raw(made, listens)
            check(libc.listen(made.fileno(), 1), 'listen')
        held.append(made)
        kinds = {socket.SOCK_STREAM: 'stream', socket.SOCK_DGRAM: 'dgram', socket.SOCK_RAW: 'raw',
                 socket.SOCK_SEQPACKET: 'seqpacket'}
        return [told(made, name, kinds[kind], said, state)]
    return play


PARTS = {
    'vsock': vsock,
    'sctp': sctp,
    'rxrpc': rxrpc,
    'device-bound': bound_to_device,
    'mptcp': mptcp,
    'tipc': plain('tipc', AF_TIPC, socket.SOCK_STREAM, 0, None, 'LISTEN', b''),
    'rfcomm': plain('bluetooth', AF_BLUETOOTH, socket.SOCK_STREAM, 3, 'rfcomm', 'LISTEN', struct.pack('=H6sB', AF_BLUETOOTH, b'\0' * 6, 3)),
    'l2cap': plain('bluetooth', AF_BLUETOOTH, socket.SOCK_SEQPACKET, 0, 'l2cap', 'UNCONN'),
    'can': plain('can', AF_CAN, socket.SOCK_RAW, 1, None, 'UNCONN'),
    'kcm': plain('kcm', AF_KCM, socket.SOCK_DGRAM, 0, None, None),
    'qrtr': plain('qipcrtr', AF_QIPCRTR, socket.SOCK_DGRAM, 0, None, 'UNCONN'),
    'smc': plain('smc', AF_SMC, socket.SOCK_STREAM, 0, None, 'UNCONN'),
    'xdp': plain('xdp', AF_XDP, socket.SOCK_RAW, 0, None, 'UNCONN'),
}


# Debian's kernels do not load these by themselves.
BY_HAND = ('rxrpc', 'tipc')


def play():
    for module in BY_HAND:
        subprocess.run(('modprobe', '-q', module))
    for name, part in PARTS.items():
        stage.sockets.extend(held_part(f'odd-{name}', part) or [])
