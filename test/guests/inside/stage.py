"""How parts are played: each in a child of its own that prepares, says so, and then sleeps for good.

A part that this kernel cannot play is noted as missed, with the reason; it is no failure.
"""
import ctypes
import json
import os
import select
import signal
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
MACHINE = os.uname().machine
PR_SET_NAME = 15
PTRACE_TRACEME = 0
CLONE_VM, CLONE_VFORK = 0x100, 0x4000
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
CLONE_NEWUTS, CLONE_NEWIPC = 0x4000000, 0x8000000
SYSCALLS = {
    'x86_64': {'clone': 56, 'exit': 60, 'memfd_create': 319, 'gettid': 186, 'add_key': 248, 'pidfd_open': 434,
               'io_uring_setup': 425, 'inotify_init1': 294, 'timerfd_create': 283, 'eventfd2': 290, 'signalfd4': 289,
               'userfaultfd': 323, 'keyctl': 250},
    'aarch64': {'clone': 220, 'exit': 93, 'memfd_create': 279, 'gettid': 178, 'add_key': 217, 'pidfd_open': 434,
                'io_uring_setup': 425, 'inotify_init1': 26, 'timerfd_create': 85, 'eventfd2': 19, 'signalfd4': 74,
                'userfaultfd': 282, 'keyctl': 219},
    'i686': {'clone': 120, 'exit': 1, 'memfd_create': 356, 'gettid': 224, 'add_key': 286, 'pidfd_open': 434,
             'io_uring_setup': 425, 'inotify_init1': 332, 'timerfd_create': 322, 'eventfd2': 328, 'signalfd4': 327,
             'userfaultfd': 374, 'keyctl': 288},
}[MACHINE]

keys, sockets, parts, missed = [], [], {}, {}


def syscall(name, *arguments):
    result = libc.syscall(SYSCALLS[name], *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f'{name}: {os.strerror(ctypes.get_errno())}')
    return result


def check(result, what):
    if result == -1:
        raise OSError(ctypes.get_errno(), f'{what}: {os.strerror(ctypes.get_errno())}')
    return result


def set_comm(name):
    libc.prctl(PR_SET_NAME, ctypes.c_char_p(name), 0, 0, 0)


def sleep_for_good():
    while True:
        signal.pause()


def part(name, play, *arguments):
    """Runs play(...) in a child; it has prepared when it says so. What it returns comes back as JSON."""
    print('part', name, flush=True)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            set_comm(name.encode()[:15])
            told = play(*arguments)
            os.write(writing, json.dumps({'told': told}).encode() + b'\n')
            os.close(writing)
        except BaseException as cause:
            os.write(writing, json.dumps({'missed': f'{type(cause).__name__}: {cause}'}).encode() + b'\n')
            os._exit(1)
        sleep_for_good()
    os.close(writing)
    # A line, not the end of the file: what the child itself forks has the pipe open for good.
    answer = b''
    while not answer.endswith(b'\n') and select.select([reading], [], [], 240)[0]:
        piece = os.read(reading, 65536)
        if not piece:
            break
        answer += piece
    os.close(reading)
    answer = json.loads(answer or b'{"missed": "no answer"}')
    if 'missed' in answer:
        missed[name] = answer['missed']
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return None
    parts[name] = pid
    return answer['told']


def raw_exec(path, arguments, environment):
    """execve with exactly these bytes: Python's own refuses an empty argv and odd environments."""
    def vector(items):
        return (ctypes.c_char_p * (len(items) + 1))(*items, None)
    libc.execve(path, vector(arguments), vector(environment))
    raise OSError(ctypes.get_errno(), 'execve')


def execute(name, path, arguments, environment=(b'PATH=/usr/bin:/bin',), before=None):
    """A part that becomes another program. The pipe closes at the exec, so it is known to have happened."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            if before:
                before()
            raw_exec(path, arguments, environment)
        except BaseException as cause:
            os.write(writing, f'{cause}'.encode())
        os._exit(1)
    os.close(writing)
    failure = os.read(reading, 4096)
    os.close(reading)
    if failure:
        missed[name] = failure.decode()
        os.waitpid(pid, 0)
    else:
        parts[name] = pid
    return pid


SLEEP = b'/bin/sleep'


def held_part(name, play, *arguments):
    """A part that keeps what it opens in a list, so that nothing is closed by the garbage collector."""
    held = []

    def keep():
        told = play(*arguments, held)
        globals()['kept'] = held
        return told
    return part(name, keep)


def command(*words):
    subprocess.run(words, check=True)


def attempt(name, play):
    try:
        return play()
    except (OSError, subprocess.SubprocessError, AttributeError) as cause:
        missed[name] = f'{type(cause).__name__}: {cause}'
        return None


def wanted_parts():
    """What this guest plays beyond what every guest does: `vestige.parts=NAME,NAME` on the kernel's command line."""
    with open('/proc/cmdline') as file:
        words = file.read().split()
    return [name for word in words if word.startswith('vestige.parts=') for name in word[14:].split(',')]
