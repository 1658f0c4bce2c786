import { beforeAll, describe, expect, it } from 'vitest';
import { isKernelAddress } from '../../../src/base/address.ts';
import type { BindingStep } from '../../../src/plugin/document.ts';
import type { KernelSymbol } from '../../../src/profile/kallsyms.ts';
import { imageReader } from '../../../src/session/linux/image.ts';
import { kallsymsOf } from '../../../src/session/linux/listed-symbols.ts';
import { recoverSymbols } from '../../../src/session/linux/symbol-recovery/recover-symbols.ts';
import { openSession, type Session } from '../../../src/session/session.ts';

/**
 * The sample's kernel lists everything. What is found when only its functions are listed must be what it lists, and
 * nothing else.
 */
describe('a kernel that lists functions only', () => {
  let session: Session;
  let all: readonly KernelSymbol[];
  beforeAll(() => {
    session = openSession('samples/web-1/after.kdump');
    const { snapshot, located } = session;
    const { kallsyms, scheme } = kallsymsOf(imageReader(snapshot.memory, located.delta), located);
    all = [...kallsyms.all(scheme)];
    return () => session.close();
  });
  const functions = (): KernelSymbol[] =>
    all.filter(({ type, address }) => /[tTwW]/.test(type) && isKernelAddress(address, 8));

  it('is described by its exports, its code and what stands in its data', () => {
    const { snapshot, located } = session;
    const steps: BindingStep[] = [];
    const { found, btf } = recoverSymbols(snapshot.memory, located, functions(), steps);
    const listed = new Map(all.map(({ name, address }) => [name, address]));
    for (const [name, address] of found) {
      if (name !== 'swapper_pg_dir') expect([name, address]).toEqual([name, listed.get(name)]);
    }
    expect([...found.keys()]).toEqual(
      expect.arrayContaining([
        ...['__start_BTF', '__stop_BTF', 'linux_banner', 'init_uts_ns', 'init_task', '__per_cpu_offset'],
        ...['__cpu_online_mask', '__cpu_possible_mask', 'init_net', 'net_namespace_list', 'tcp_hashinfo'],
        ...['udp_table', 'nl_table', 'raw_v4_hashinfo', 'raw_v6_hashinfo', 'prb', 'modules', 'tk_core'],
        ...['saved_command_line', 'max_pfn', 'sysctl_bootid', 'socket_file_ops', 'special_mapping_vmops'],
      ]),
    );
    expect(btf.typeCount).toBeGreaterThan(50_000);
    expect(steps.map(({ step, outcome }) => `${step}: ${outcome}`)).toEqual([
      'btf: found',
      'vmcoreinfo: found',
      'exports: verified',
      'code: verified',
      'code: failed', // ping_table, whose lock x86-64 code reaches by other ways
    ]);
  });

  it('is not described where its exports are not found: it would be read as one for a single CPU', () => {
    const { snapshot, located } = session;
    const steps: BindingStep[] = [];
    const moved = functions().map((symbol) => ({ ...symbol, address: symbol.address + 0x40n }));
    expect(() => recoverSymbols(snapshot.memory, located, moved, steps)).toThrow(
      'the kernel lists functions only, and where each CPU keeps its own is not known',
    );
    expect(steps.at(-1)).toEqual({
      step: 'exports',
      outcome: 'failed',
      detail: '0 symbols exported to modules',
    });
  });
});
