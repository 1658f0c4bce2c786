// Which names of a process disagree, and what explains it.
import { describe, expect, it } from 'vitest';
import { judgeNames } from '../../src/kernel/linux/process/name-claims.ts';

const said = (name: string, args: readonly string[] | undefined, exe: string | undefined): string => {
  const { disagree, explanation, isSpoofed } = judgeNames({ name, args, exe });
  return `${disagree.join(',') || 'none'} ${explanation ?? '-'} ${isSpoofed ? 'spoofed' : 'honest'}`;
};

describe('the names of a process', () => {
  it.each([
    ['nginx', ['/usr/sbin/nginx', '-g'], '/usr/sbin/nginx', 'none - honest'],
    [
      'systemd-journal',
      ['/lib/systemd/systemd-journald'],
      '/usr/lib/systemd/systemd-journald',
      'none - honest',
    ],
    ['python3', ['python3', 'x.py'], '/usr/bin/python3.11', 'none - honest'],
    ['cat', [''], '/bin/cat', 'none - honest'],
    ['bash', ['-bash'], '/usr/bin/bash', 'argv0 login-shell honest'],
    ['sh', ['-sh'], '/usr/bin/dash', 'name,argv0 login-shell honest'],
    ['backup.sh', ['/bin/sh', '/opt/backup.sh'], '/usr/bin/dash', 'name,argv0 script honest'],
    ['app', ['/usr/bin/python3', '-u', '/srv/app'], '/usr/bin/python3.11', 'name script honest'],
    ['httpd', ['httpd', '-f'], '/bin/busybox', 'name,argv0 multi-call honest'],
    ['nginx', ['nginx: worker process'], '/usr/sbin/nginx', 'argv0 title honest'],
    ['gunicorn', ['gunicorn: master [web]'], '/usr/bin/python3.11', 'name,argv0 title honest'],
    ['(sd-pam)', ['(sd-pam)'], '/usr/lib/systemd/systemd', 'name,argv0 title honest'],
    ['worker', ['java', '-jar', 'a.jar'], '/usr/bin/java', 'name renamed honest'],
    ['ld-linux-x86-64', ['sleep', '9'], '/lib64/ld-linux-x86-64.so.2', 'argv0 loader honest'],
    ['kworker/0:3', ['[kworker/0:3]'], '/dev/shm/x', 'name,argv0 - spoofed'],
    ['[kthreadd]', [], '/bin/busybox', 'name - spoofed'],
    ['sshd', ['sshd'], '/tmp/x', 'name,argv0 - spoofed'],
    ['x', ['/usr/sbin/sshd'], '/tmp/x', 'argv0 - spoofed'],
    ['httpd', ['httpd'], '/usr/bin/dash', 'name,argv0 - spoofed'],
    ['nc', ['nc'], '/usr/bin/nc (deleted)', 'exe - spoofed'],
    ['3', ['run'], '/memfd:run (deleted)', 'name,argv0,exe - spoofed'],
  ] as const)('%s, %j, %s: %s', (name, args, exe, verdict) => {
    expect(said(name, args, exe)).toBe(verdict);
  });

  it('are not judged where the executable or the arguments cannot be read', () => {
    expect(said('sshd', ['sshd'], undefined)).toBe('none - honest');
    expect(said('x', undefined, '/tmp/y')).toBe('name renamed honest');
    expect(said('kworker/u8:1', undefined, undefined)).toBe('none - spoofed');
  });
});
