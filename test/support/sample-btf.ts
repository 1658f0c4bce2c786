import { openSession } from '../../src/session/session.ts';

/** The kernel of the shipped sample, as its own memory describes it. */
export function sampleBtf(): Uint8Array {
  const session = openSession('samples/web-1/after.kdump');
  try {
    const { kernel } = session;
    const start = kernel.symbol('__start_BTF');
    return kernel.space.bytes(start, Number(kernel.symbol('__stop_BTF') - start));
  } finally {
    session.close();
  }
}
