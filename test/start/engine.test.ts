// V8 is told to optimize later where it knows how, and never told what it does not know: it would complain on stderr.
import { beforeEach, expect, it, vi } from 'vitest';
import { optimizeLater } from '../../src/start/engine.ts';

const set = vi.hoisted(() => vi.fn());
vi.mock('node:v8', () => ({ setFlagsFromString: set }));
beforeEach(() => set.mockClear());

it.each(['v20.0.0', 'v20.20.2'])('has the V8 of Node %s optimize later', (node) => {
  optimizeLater(node);
  expect(set.mock.calls).toEqual([[expect.stringMatching(/^--interrupt-budget=\d+$/)]]);
});

it.each(['v2.0.0', 'v22.23.5', 'v24.1.0', 'v26.0.0', 'v200.0.0'])(
  'leaves the V8 of Node %s as it is',
  (node) => {
    optimizeLater(node);
    expect(set).not.toHaveBeenCalled();
  },
);
