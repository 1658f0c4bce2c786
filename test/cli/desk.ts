import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NoKernel } from '../../src/base/errors.ts';
import { escapeText } from '../../src/report/escape.ts';
import { SnapshotFile } from '../../src/snapshot/file.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { fakeKernel } from '../support/kernel.ts';

/**
 * Where command lines are tried: they are given to `main` itself, what they write is caught, and the snapshots
 * that they open hold a drawn kernel. A test mocks `session.ts`, `traced.ts` and `output.ts` with what is here.
 */
export const desk = {
  out: '',
  err: '',
  /** How often a snapshot was opened and its kernel looked for. */
  opened: 0,
  width: Number.POSITIVE_INFINITY,
  /** Called while a snapshot is being read. */
  meanwhile: (): void => undefined,
};

const KERNEL = 'init(1)  [kthreadd](2)  sshd(200 < 1)  bash(201 < 200)  evil\x1bc(202 < 201)';

/** Stands for session.ts: any readable file holds the drawn kernel; one that is empty of it says `no kernel`; one is of another machine; one has lost a page, and one is of a kernel that lacks a member. */
export const session = {
  openSession(path: string): unknown {
    const file = new SnapshotFile(path);
    desk.opened++;
    desk.meanwhile();
    if (path.endsWith('no-kernel.raw')) throw new NoKernel('no kernel was found');
    const drawn = fakeKernel(KERNEL, path.endsWith('lacking.raw') ? { without: ['mm_struct.exe_file'] } : {});
    if (path.endsWith('lost.raw')) drawn.lose(drawn.read(drawn.task(201), 'task_struct', 'mm'));
    const kernel = drawn.linux();
    if (path.endsWith('damaged.raw')) kernel.note('task list breaks after 5 entries');
    const facts = fakeFacts(path);
    if (path.endsWith('other.raw'))
      Object.assign(facts.kernel, { hostname: 'other', kaslr: { virtual: '0x0', physical: '0x0' } });
    return { snapshot: { file, memory: {} }, kernel, facts, close: () => file.close() };
  },
};

/** Stands for traced.ts: nothing is known of what a drawn kernel reads, so no answer is taken over. */
export const traced = {
  basisOf: (): string => 'drawn',
  wouldReadTheSame: (): boolean => false,
  traced: async (session: { kernel: unknown }, ask: (kernel: unknown) => unknown): Promise<unknown> => ({
    result: await ask(session.kernel),
    reads: null,
  }),
};

/** Stands for what output.ts writes with. */
export const output = {
  writeData: (text: string): void => void (desk.out += text),
  writeAside: (text: string): void => void (desk.err += text),
  complain: (message: string): void => void (desk.err += `vestige: ${escapeText(message)}\n`),
  terminalWidth: (): number => desk.width,
  TERMINAL: {
    warn: (message: string): void => output.complain(message),
    say: (sentence: string): void => output.writeAside(`${escapeText(sentence)}\n`),
    progress: (): void => undefined,
  },
};

/** Folder of this test's snapshots and cache. */
export const folder = mkdtempSync(join(tmpdir(), 'vestige-cli-'));
export const cache = join(folder, 'cache.sqlite');

/** A file old enough for its answers to be remembered. */
export function snapshotFile(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.alloc(8192));
  return path;
}

/** Lets the files made so far settle: the cache trusts none that changed in the last two seconds. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2_100));
