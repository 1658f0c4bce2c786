"""Sockets of every kind over every kind of IPv6 address."""
import socket
import struct

from stage import command, held_part

GROUP, ALL_NODES = 'ff02::fb', 'ff02::1'
PRIVATE, GLOBAL, LINK = 'fd00:5:6::1', '2001:db8:6::1', 'fe80::6'


def index():
    return socket.if_nametoindex('dummy0')


def stream(held, address, port, scope=0, only=True):
    made = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only))
    made.bind((address, port, 0, scope))
    made.listen(8)
    held.append(made)
    return made


def connected(held, listener, address, port, scope=0, flow=0):
    near = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    if flow:
        near.setsockopt(socket.IPPROTO_IPV6, 33, 1)  # IPV6_FLOWINFO_SEND
    near.connect((address, port, flow, scope))
    held += [near, listener.accept()[0]]


def tcp(held):
    for address, scope in ((PRIVATE, 0), (GLOBAL, 0), (LINK, index()), ('::1', 0)):
        listener = stream(held, address, 6600, scope)
        connected(held, listener, address, 6600, scope)
    both = stream(held, '::', 6601, only=False)
    connected(held, both, PRIVATE, 6601)
    connected(held, both, '::ffff:127.0.0.1', 6601)
    connected(held, both, '::1', 6601)
    # The same port once for each family, and a listener for mapped addresses alone.
    stream(held, '::', 6602)
    four = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    four.bind(('0.0.0.0', 6602))
    four.listen(1)
    held.append(four)
    stream(held, '::ffff:127.0.0.1', 6603, only=False)
    for _ in range(3):
        shared = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(('::', 6604))
        shared.listen(1)
        held.append(shared)
    bound = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    bound.bind((GLOBAL, 6605))
    held.append(bound)
    device = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    device.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'dummy0')
    device.bind(('::', 6606))
    device.listen(1)
    held.append(device)
    half = stream(held, GLOBAL, 6607)
    connected(held, half, GLOBAL, 6607)
    held[-1].shutdown(socket.SHUT_WR)


def udp(held):
    def made(options=()):
        one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        for option in options:
            one.setsockopt(*option)
        held.append(one)
        return one

    for address, scope in ((PRIVATE, 0), (GLOBAL, 0), (LINK, index())):
        made().bind((address, 6700, 0, scope))
        made().connect((address, 6700, 0, scope))
    reuse = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for number, group in enumerate((GROUP, ALL_NODES)):
        member = made([reuse])
        member.bind((group, 6701 + number, 0, index()))
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack('@I', index())
        member.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    made([(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)]).bind(('::', 6703))
    made().bind(('::ffff:127.0.0.1', 6704))
    made().connect(('::ffff:127.0.0.1', 6704))
    made()


def others(held):
    """Raw, ping and packet sockets."""
    for protocol, address, scope in ((58, PRIVATE, 0), (89, LINK, index()), (253, '::1', 0)):
        made = socket.socket(socket.AF_INET6, socket.SOCK_RAW, protocol)
        made.bind((address, 0, 0, scope))
        held.append(made)
    towards = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 254)
    towards.connect((GLOBAL, 0))
    held.append(towards)
    for address, scope in ((GLOBAL, 0), (LINK, index())):
        asker = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 58)
        asker.bind((address, 600 + scope, 0, scope))
        held.append(asker)
    every = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86DD))
    every.bind(('dummy0', 0x86DD))
    held.append(every)


def play():
    for address in (PRIVATE + '/64', GLOBAL + '/64', LINK + '/64', '2002:c633:6401::1/48', '::ffff:0:1/128'):
        command('ip', '-6', 'addr', 'add', address, 'dev', 'dummy0', 'nodad')
    for name, make in (('ipv6-tcp', tcp), ('ipv6-udp', udp), ('ipv6-others', others)):
        held_part(name, make)
