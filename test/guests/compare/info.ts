import type { Cell } from '../../../src/plugin/cell.ts';
import type { KernelFacts } from '../../../src/plugin/document.ts';
import type { Guest } from '../catalog.ts';
import type { Truth } from '../truth.ts';
import { type Expectation, isJudge, judge, showCell } from './expect.ts';
import { bootOf, textOf } from './proc.ts';
import { bounds } from './tolerances.ts';

/** Compares what `info` says of the kernel. Differences as lines, each with the fact's name. */
export function compareFacts(
  facts: KernelFacts,
  truth: Truth,
  guest?: Pick<Guest, 'pagingLevels'>,
): string[] {
  const differences: string[] = [];
  const check = (name: string, cell: Cell, expectation: Expectation): void => {
    const right = isJudge(expectation) ? expectation.judge(cell) : cell === expectation;
    if (right === true) return;
    const said = isJudge(expectation) ? expectation.says : showCell(expectation);
    differences.push(`info ${name} is ${showCell(cell)}, the guest says ${said}`);
  };
  const { system, recorder } = truth;
  check('banner', facts.banner, textOf(system.version.trimEnd()));
  check('release', facts.release, system.uname[2]!);
  check('buildId', facts.buildId, system.buildId);
  check('architecture', facts.architecture, system.uname[4] === 'x86_64' ? 'x86-64' : system.uname[4]!);
  check('hostname', facts.hostname, textOf(system.hostname));
  check('cpus', facts.cpus, system.cpus);
  const levels = guest?.pagingLevels ?? (/^flags\s.* la57\b/m.test(system.cpuinfo) ? 5 : 4);
  check('paging', facts.paging, `${levels} levels`);
  const symbol = (name: string) => BigInt(`0x${system.symbols[name] ?? '0'}`);
  const code = BigInt(`0x${/([0-9a-f]+)-[0-9a-f]+ : Kernel code/.exec(system.iomem)?.[1] ?? '0'}`);
  const root = symbol('init_top_pgt') - symbol('_stext') + code;
  check('kaslr.virtual', BigInt(facts.kaslr.virtual ?? 0), symbol('_stext') - LINKED_TEXT);
  check('kaslr.physical', BigInt(facts.kaslr.physical ?? 0), code);
  check('pageTableRoot', BigInt(facts.pageTableRoot), root);
  check('bootTime', facts.bootTime, near(bootOf(truth), bounds.startSlackMs / 1000));
  check('btime', Math.floor(Date.parse(facts.bootTime ?? '') / 1000), system.btime);
  // The record's last moment, and what the recorder needs to say that it is done.
  check('time', facts.time, near(recorder.ended.realtime * 1000, bounds.clockSeconds));
  check('uptimeSeconds', facts.uptimeSeconds, nearSeconds(recorder.ended.boottime, bounds.clockSeconds));
  check('confidence', facts.confidence, 'verified');
  for (const note of facts.notes) differences.push(`info note: ${note}`);
  return differences;
}

/** Where x86-64 kernels are linked: CONFIG_PHYSICAL_START above the kernel map. */
const LINKED_TEXT = 0xffff_ffff_8100_0000n;

const near = (milliseconds: number, seconds: number) =>
  judge(
    `${new Date(milliseconds).toISOString()}, give or take ${seconds} s`,
    (cell) => typeof cell === 'string' && Math.abs(Date.parse(cell) - milliseconds) <= seconds * 1000,
  );

const nearSeconds = (moment: number, seconds: number) =>
  judge(
    `${moment}, give or take ${seconds} s`,
    (cell) => typeof cell === 'number' && Math.abs(cell - moment) <= seconds,
  );
