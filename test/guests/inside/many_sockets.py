"""Tens of thousands of sockets, in a few processes that hold thousands each."""
import os
import resource
import socket

from stage import command, held_part

PAIRS = 1500


def plenty():
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))


def tcp_pairs(family, address, port, held):
    """Both ends of each connection, in one process."""
    plenty()
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(16)
    held.append(listener)
    for _ in range(PAIRS):
        near = socket.socket(family, socket.SOCK_STREAM)
        near.connect((address, port))
        held += [near, listener.accept()[0]]


def datagrams(family, address, first, held):
    plenty()
    for number in range(2 * PAIRS):
        made = socket.socket(family, socket.SOCK_DGRAM)
        made.bind((address, first + number))
        held.append(made)


def unix_pairs(kind, held):
    plenty()
    for _ in range(PAIRS):
        held += socket.socketpair(socket.AF_UNIX, kind)


def unix_names(held):
    plenty()
    for number in range(2 * PAIRS):
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.bind(f'\0number {number}'.encode() if number % 2 else f'/tmp/sockets/{number}')
        held.append(made)


def listeners(held):
    plenty()
    for number in range(2 * PAIRS):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.bind(('127.2.0.1', 20000 + number))
        made.listen(1)
        held.append(made)


def play():
    os.makedirs('/tmp/sockets')
    command('ip', '-6', 'addr', 'add', '2001:db8:2::1/64', 'dev', 'dummy0', 'nodad')
    for number in range(3):
        held_part(f'tcp-pairs-{number}', tcp_pairs, socket.AF_INET, f'127.1.0.{number + 1}', 6000)
    for number in range(2):
        held_part(f'tcp6-pairs-{number}', tcp_pairs, socket.AF_INET6, '2001:db8:2::1', 6000 + number)
    held_part('listeners', listeners)
    held_part('datagrams', datagrams, socket.AF_INET, '127.2.0.1', 20000)
    held_part('datagrams6', datagrams, socket.AF_INET6, '2001:db8:2::1', 20000)
    held_part('stream-pairs', unix_pairs, socket.SOCK_STREAM)
    held_part('packet-pairs', unix_pairs, socket.SOCK_SEQPACKET)
    held_part('unix-names', unix_names)
