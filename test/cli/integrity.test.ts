// `vestige integrity` as its user has it: silent about an honest kernel, and plain about one that was changed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOBODYS, PlantedKernel } from '../support/planted-kernel.ts';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
const MODULE = 'loop';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-integrity-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function integrity(...words: string[]) {
  const run = spawnSync(process.execPath, [VESTIGE, 'integrity', '--no-cache', ...words], {
    encoding: 'utf8',
  });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

/** The samples' memory, changed and written. */
function broken(change: (planted: PlantedKernel) => void): string {
  const planted = new PlantedKernel();
  change(planted);
  const path = join(folder, 'broken.raw');
  planted.writeRaw(path);
  return path;
}

describe('vestige integrity', () => {
  it('finds nothing in kernels that nobody has changed', () => {
    const { status, out, err } = integrity('samples/web-1/before.kdump', 'samples/web-1/after.kdump');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.match(/nothing found/g)).toHaveLength(2);
    expect(out).not.toContain('not be evaluated');
  });

  it('tells what leads where, the gravest first, and lets no text of the guest reach the terminal', () => {
    const path = broken((planted) => {
      const { linux } = planted;
      const calls = linux.symbol('sys_call_table');
      planted.put(calls + 217n * 8n, NOBODYS);
      planted.put(calls + 62n * 8n, planted.codeOf(MODULE));
      planted.write(linux.pointerAt(calls), Uint8Array.of(0xcc, 0x48));
      planted.write(linux.symbol('modprobe_path'), Buffer.from('/tmp/\u001b[31mx\0'));
      planted.unlist(MODULE);
    });
    const { status, out } = integrity(path);
    expect(status).toBe(1);
    const text = out.replace(/\s+/g, ' ');
    expect(text).toContain('sys_call_table 217: leads to code of nobody at 0xffffffffc0ffe000;');
    expect(text).toMatch(/sys_call_table 62: leads to \w+ \[loop\], which is hidden, at 0x[0-9a-f]+;/);
    expect(text).toContain('__x64_sys_read: a breakpoint of no probe');
    expect(text).toMatch(/module loop at 0x[0-9a-f]+ is not in all lists/);
    expect(text).toContain('modprobe_path is /tmp/\\x1b[31mx');
    expect(out.indexOf('critical')).toBeLessThan(out.indexOf('high'));
    expect(out).not.toContain('\u001b');
    const verdict = JSON.parse(integrity(path, '--json').out) as { readonly policy: string };
    expect(verdict.policy).toBe('integrity');
    expect(integrity(path, '--fail-on', 'critical').status).toBe(1);
  });

  it('never calls clean what cannot be looked at', () => {
    const path = broken((planted) => planted.put(planted.linux.symbol('ftrace_ops_list'), 0x10n));
    const { status, out } = integrity(path);
    expect(status).toBe(1);
    expect(out).toMatch(/could not be evaluated|unevaluated/);
    expect(integrity(path, '--unevaluated', 'pass').status).toBe(0);
  });
});
