// What threads may do and what they do about signals, on drawn kernels: sets in words, threads of their own, and damage.
import { describe, expect, it } from 'vitest';
import capabilities from '../../plugins/capabilities.ts';
import creds from '../../plugins/creds.ts';
import limits from '../../plugins/limits.ts';
import ptrace from '../../plugins/ptrace.ts';
import threads from '../../plugins/threads.ts';
import { capabilityNames } from '../../src/kernel/linux/process/capabilities.ts';
import { signalName } from '../../src/kernel/linux/process/signal-names.ts';
import { fakeKernel } from '../support/kernel.ts';
import { ask, column, observed } from '../support/rows.ts';

const DRAWING = 'init(1)  sshd(200 < 1)  bash(201 < 200)';

describe('words of sets', () => {
  it('names capabilities, and those without a name by their number', () => {
    expect(capabilityNames(0n)).toEqual([]);
    expect(capabilityNames((1n << 0n) | (1n << 12n) | (1n << 40n) | (1n << 41n))).toEqual([
      ...['chown', 'net_admin', 'checkpoint_restore', '41'],
    ]);
  });

  it('names signals as kill(1) does', () => {
    expect([1, 9, 31, 32, 34, 35, 64].map(signalName)).toEqual([
      ...['SIGHUP', 'SIGKILL', 'SIGSYS', '32', 'SIGRTMIN', 'SIGRTMIN+1', 'SIGRTMAX'],
    ]);
  });
});

describe('rights', () => {
  it('are shared by two processes only where somebody made it so', async () => {
    const drawn = fakeKernel(DRAWING);
    const { real_cred } = drawn.linux().at('task_struct', drawn.task(1));
    drawn.write(drawn.task(201), 'task_struct', { real_cred: real_cred.address });
    const answer = await ask(creds, drawn.linux());
    expect(column(answer, 'sharedWith')).toEqual(['201', null, '1']);
    expect(observed(creds, answer)).toEqual([
      'processes share one struct of rights, which fork never makes: 1 (init) with 201, 201 (bash) with 1',
    ]);
  });

  it('lose a page as cells, and no row', async () => {
    const drawn = fakeKernel(DRAWING);
    drawn.lose(drawn.task(200));
    for (const question of [creds, capabilities, threads]) {
      const answer = await ask(question, drawn.linux());
      expect(answer.rows).toHaveLength(3);
      expect(answer.notes).not.toEqual([]);
    }
  });
});

describe('limits', () => {
  it('are sixteen for each process', async () => {
    const answer = await ask(limits, fakeKernel(DRAWING).linux());
    expect(answer.rows).toHaveLength(48);
    expect(new Set(column(answer, 'resource')).size).toBe(16);
  });
});

describe('traced threads', () => {
  it('are told with their tracer, and whether its list has them', async () => {
    const drawn = fakeKernel(DRAWING);
    drawn.write(drawn.task(201), 'task_struct', { ptrace: 1 | (1 << 7), parent: drawn.task(1) });
    const answer = await ask(ptrace, drawn.linux());
    expect(answer.rows).toHaveLength(1);
    expect(answer.rows[0]).toMatchObject({
      pid: 201,
      tracer: 1,
      how: 'attach',
      options: 'traceexec',
      listed: false,
    });
  });
});
