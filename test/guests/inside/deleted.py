"""Programs, libraries, folders and files that are gone from the disk and live on in memory."""
import ctypes
import mmap
import os
import shutil
import socket

from stage import SLEEP, attempt, check, execute, held_part, libc

MFD_CLOEXEC, MFD_ALLOW_SEALING = 1, 2
MNT_DETACH = 2


def program(path):
    shutil.copyfile(SLEEP, path)
    os.chmod(path, 0o755)
    return path


def of_fixed_name(folder, name):
    os.makedirs(folder, exist_ok=True)
    return program(os.path.join(folder.encode(), name))


def programs():
    """Deleted, replaced by another of the same name, renamed and then deleted, in a folder that is gone too."""
    path = of_fixed_name('/root/tools', b'deleted on disk')
    execute('deleted-on-disk', path, [path, b'1000000'])
    os.unlink(path)

    path = of_fixed_name('/root/tools', b'upgraded')
    execute('replaced-exe', path, [b'upgraded', b'1000000'])
    os.rename(program('/root/tools/new'), path)
    execute('replacing-exe', path, [b'upgraded', b'1000001'])

    path = of_fixed_name('/tmp/.x', b'odd (deleted)')
    execute('named-deleted', path, [path, b'1000000'])

    path = of_fixed_name('/tmp/gone folder/deep', b'tool\n\x1b[2J')
    execute('folder-gone', path, [path, b'1000000'], before=lambda: os.chdir('/tmp/gone folder/deep'))
    shutil.rmtree('/tmp/gone folder')

    os.makedirs('/mnt/stick', exist_ok=True)
    check(libc.mount(b'tmpfs', b'/mnt/stick', b'tmpfs', 0, None), 'mount')
    path = of_fixed_name('/mnt/stick', b'from-a-stick')
    execute('stick-gone', path, [path, b'1000000'])
    check(libc.umount2(b'/mnt/stick', MNT_DETACH), 'umount')


def sealed_program():
    """A program that never had a name: fexecve of a sealed memfd, as loaders without files do it."""
    memory = os.memfd_create('', MFD_CLOEXEC | MFD_ALLOW_SEALING)
    with open(SLEEP, 'rb') as file:
        os.write(memory, file.read())
    libc.fcntl(memory, 1033, 15)  # F_ADD_SEALS, all of them
    execute('sealed-memfd-exe', f'/proc/self/fd/{memory}'.encode(), [b'sshd: root@pts/0', b'1000000'])
    os.close(memory)


def unnamed_program():
    """A program in a file that was made without a name."""
    unnamed = os.open('/root', os.O_RDWR | os.O_TMPFILE, 0o755)
    with open(SLEEP, 'rb') as file:
        os.write(unnamed, file.read())
    reading = os.open(f'/proc/self/fd/{unnamed}', os.O_RDONLY)
    os.close(unnamed)
    execute('unnamed-exe', f'/proc/self/fd/{reading}'.encode(), [b'unnamed', b'1000000'])
    os.close(reading)


def script():
    """The shell still reads a script that is gone."""
    with open('/tmp/stage2.sh', 'w') as file:
        file.write('kill -STOP $$\n' + '# more\n' * 1000)
    execute('deleted-script', b'/bin/bash', [b'bash', b'/tmp/stage2.sh'])


def files(held):
    """Open and mapped files of every kind that no folder lists any more."""
    os.makedirs('/root/gone', exist_ok=True)
    os.makedirs('/tmp/gone', exist_ok=True)
    os.unlink('/tmp/stage2.sh')
    for folder in ('/root/gone', '/tmp/gone', '/dev/shm', '/run'):
        path = f'{folder}/secret plan'
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
        os.ftruncate(descriptor, 8192)
        os.write(descriptor, b'gone but not forgotten')
        held += [descriptor, mmap.mmap(descriptor, 8192)]
        os.unlink(path)
    held.append(os.open('/root', os.O_RDWR | os.O_TMPFILE))
    linked = os.open('/root/gone/one', os.O_RDWR | os.O_CREAT)
    os.link('/root/gone/one', '/root/gone/other')
    os.unlink('/root/gone/one')
    held.append(linked)
    again = os.open('/root/gone/again', os.O_RDWR | os.O_CREAT)
    os.unlink('/root/gone/again')
    held += [again, os.open('/root/gone/again', os.O_RDWR | os.O_CREAT)]
    os.mkfifo('/tmp/gone/fifo')
    held.append(os.open('/tmp/gone/fifo', os.O_RDWR))
    os.unlink('/tmp/gone/fifo')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind('/tmp/gone/socket')
    listener.listen(1)
    os.unlink('/tmp/gone/socket')
    held.append(listener)
    for name, flags in (('scratch', 0), ('', 0), ('odd \n\x1b[31mname', MFD_ALLOW_SEALING)):
        memory = os.memfd_create(name, flags)
        os.ftruncate(memory, 4096)
        held += [memory, mmap.mmap(memory, 4096)]
    library = '/tmp/gone/libhidden.so'
    source = next(path for path in maps_of_self() if '/libz.so' in path or '/libexpat' in path or '/libc.so' in path)
    shutil.copyfile(source, library)
    held.append(ctypes.CDLL(library))
    os.unlink(library)
    held.append(os.open('/tmp/gone', os.O_RDONLY))
    os.chdir('/tmp/gone')
    os.rmdir('/tmp/gone')


def maps_of_self():
    with open('/proc/self/maps') as file:
        return [line.split(maxsplit=5)[5].strip() for line in file if line.count(' /') == 1]


def play():
    for name, make in (('programs', programs), ('sealed', sealed_program), ('unnamed', unnamed_program), ('script', script)):
        attempt(f'deleted-{name}', make)
    held_part('deleted-files', files)
