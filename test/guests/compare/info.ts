import type { Cell } from '../../../src/plugin/cell.ts';
import type { KernelFacts } from '../../../src/plugin/document.ts';
import type { Guest } from '../catalog.ts';
import type { Truth } from '../truth.ts';
import { type Expectation, isJudge, judge, showCell } from './expect.ts';
import { placeOf } from './kernel-place.ts';
import { bootOf, textOf } from './proc.ts';
import { bounds } from './tolerances.ts';

/** Compares what `info` says of the kernel. Differences as lines, each with the fact's name. */
export function compareFacts(facts: KernelFacts, truth: Truth, guest?: Pick<Guest, 'paging'>): string[] {
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
  const place = placeOf(system);
  check('architecture', facts.architecture, place.architecture);
  check('hostname', facts.hostname, textOf(system.hostname));
  check('cpus', facts.cpus, system.cpus);
  const usual = /^flags\s.* la57\b/m.test(system.cpuinfo) ? '5 levels' : '4 levels';
  check('paging', facts.paging, guest?.paging ?? usual);
  check('kaslr.virtual', BigInt(facts.kaslr.virtual ?? 0), place.kaslrVirtual);
  check('kaslr.physical', BigInt(facts.kaslr.physical ?? 0), place.kaslrPhysical);
  check('pageTableRoot', BigInt(facts.pageTableRoot), place.pageTableRoot);
  check('bootTime', facts.bootTime, near(bootOf(truth), bounds.startSlackMs / 1000));
  check('btime', Math.floor(Date.parse(facts.bootTime ?? '') / 1000), system.btime);
  // The record's last moment, and what the recorder needs to say that it is done.
  check('time', facts.time, near(recorder.ended.realtime * 1000, bounds.clockSeconds));
  check('uptimeSeconds', facts.uptimeSeconds, nearSeconds(recorder.ended.boottime, bounds.clockSeconds));
  check('confidence', facts.confidence, 'verified');
  for (const note of facts.notes) differences.push(`info note: ${note}`);
  return differences;
}

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
