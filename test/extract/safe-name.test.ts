// Names that an intruder would like a file to have.
import { describe, expect, it } from 'vitest';
import { freeName, safeName } from '../../src/extract/safe-name.ts';

describe('a safe name', () => {
  it.each([
    ['sshd.7f00', 'sshd.7f00'],
    ['../../etc/passwd', '__._etc_passwd'],
    ['/etc/cron.d/x', '_etc_cron.d_x'],
    ['..', '_'],
    ['.bashrc', '_bashrc'],
    ['-rf', '_rf'],
    ['', 'artefact'],
    ['a\0b\n\u001b[31mc', 'a_b_31mc'],
    ['C:\\x', 'C_x'],
    ['con', '_con'],
    ['NUL.txt', '_NUL.txt'],
    ['name.', 'name'],
    ['ä', '_'],
    ['x'.repeat(5000), 'x'.repeat(200)],
  ])('of %j is %j', (wanted, name) => {
    expect(safeName(wanted)).toBe(name);
  });

  it('is given once, whatever the case of its letters', () => {
    const taken = new Set(['manifest.jsonl']);
    expect(freeName('Sshd', taken)).toBe('Sshd');
    expect(freeName('sshd', taken)).toBe('sshd.2');
    expect(freeName('SSHD', taken)).toBe('SSHD.3');
    expect(freeName('MANIFEST.jsonl', taken)).toBe('MANIFEST.jsonl.2');
  });
});
