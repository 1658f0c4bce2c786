"""The kernel's own tracing at work: probes, the tracer of functions and a tracepoint, all of functions that nobody calls.

What reads them back for the record is here too.
"""
import os
import subprocess

from stage import attempt

TRACING = '/sys/kernel/tracing'
PROBES = '/sys/kernel/debug/kprobes/list'
HELPERS = {
    'modprobe_path': '/proc/sys/kernel/modprobe', 'core_pattern': '/proc/sys/kernel/core_pattern',
    'poweroff_cmd': '/proc/sys/kernel/poweroff_cmd', 'uevent_helper': '/sys/kernel/uevent_helper',
}


def write(path, text):
    try:
        with open(f'{TRACING}/{path}', 'a') as file:
            file.write(text)
    except OSError as error:
        raise OSError(error.errno, f'{path}: {text}: {text_of(f"{TRACING}/error_log")}') from error


def mounted():
    if not os.path.exists(f'{TRACING}/trace'):
        subprocess.run(['mount', '-t', 'tracefs', 'tracefs', TRACING], check=True)
    if not os.path.exists(PROBES):
        subprocess.run(['mount', '-t', 'debugfs', 'debugfs', '/sys/kernel/debug'], check=True)


def probe(letter, name):
    """Of the first function that this kernel can probe."""
    for function in ('ksys_sync', 'vfs_fsync', 'vfs_truncate', 'do_mkdirat'):
        try:
            write('kprobe_events', f'{letter}:{name} {function}\n')
            write(f'events/kprobes/{name}/enable', '1')
            return
        except OSError as error:
            failed = error
    raise failed


def probes():
    probe('p', 'stage_entry')
    probe('r', 'stage_return')


def functions():
    write('set_ftrace_filter', 'vfs_truncate\n')
    write('set_ftrace_filter', 'ksys_sync\n')
    write('current_tracer', 'function')


def tracepoint():
    write('events/sched/sched_process_hang/enable', '1') if os.path.exists(
        f'{TRACING}/events/sched/sched_process_hang') else write('events/oom/mark_victim/enable', '1')


def play():
    attempt('tracing', mounted)
    for name, make in (('probes', probes), ('functions', functions), ('tracepoint', tracepoint)):
        attempt(f'tracing-{name}', make)


def text_of(path):
    try:
        with open(path, 'rb') as file:
            return file.read().decode('latin-1')
    except OSError:
        return None


def code_symbols():
    """The addresses of functions for system calls and exceptions, each by its name."""
    found = {}
    with open('/proc/kallsyms', 'rb') as file:
        for line in file:
            parts = line.decode('latin-1').split()
            if len(parts) != 3 or parts[1] not in 'tTwW':
                continue
            name = parts[2]
            if '_sys_' in name or name.startswith(('sys_', 'asm_', 'entry_INT80', 'irq_entries')):
                found.setdefault(name, []).append(parts[0])
    return found


def record():
    return {
        'probes': text_of(PROBES), 'functions': text_of(f'{TRACING}/enabled_functions'),
        'events': text_of(f'{TRACING}/set_event'), 'helpers': {name: text_of(path) for name, path in HELPERS.items()},
        'code': code_symbols(),
    }
