import { type Comparison, type Expectation, type Expected, judge, oneOf, textOrNone } from './expect.ts';
import { linesOf, textOf } from './proc.ts';

export const modules: Comparison = {
  plugin: 'modules',
  ordered: true,
  *expected({ truth }) {
    for (const line of linesOf(truth.modules.proc)) {
      const name = line.split(' ')[0];
      const known = truth.modules.sys.find((module) => module.name === name);
      yield expectedModule(line, buildIdOf(known!.buildIdNote));
    }
  },
  keyOf: ({ name }) => String(name),
  labelOf: ({ name, base }) => `${String(name)} at 0x${(base as bigint).toString(16)}`,
};

/** What follows the header of 12 bytes and the name `GNU` in the note that /sys/module/NAME/notes shows in hex. */
const buildIdOf = (note: string | null | undefined): Expectation =>
  note === undefined ? textOrNone : (note?.slice(32) ?? null);

/** The recorder held the disk that it wrote to while it recorded: its driver may have one user less since. */
const referencesOf = (name: string, said: number): Expectation =>
  name !== 'virtio_blk'
    ? said
    : judge(String(said), (cell) => cell === said || (cell === said - 1 ? 'diskLetGo' : false));

/** `overlay 163840 1 a,b, Live 0xffffffffc03c6000 (OE)`; `-` where nobody uses it or nothing is counted. */
function expectedModule(line: string, buildId: Expectation): Expected {
  const [name, size, references, users, state, base, taints] = line.split(' ');
  const usedBy = users!.split(',').filter((user) => user !== '' && user !== '-' && !user.startsWith('['));
  return {
    key: textOf(name!),
    label: textOf(name!),
    cells: {
      name: textOf(name!),
      base: BigInt(base!),
      size: Number(size),
      references: references === '-' ? null : referencesOf(name!, Number(references)),
      usedBy: usedBy.length === 0 ? null : usedBy.join(','),
      state: oneOf(state!),
      taints: taints?.replace(/[()]/g, '') ?? null,
      buildId,
      hidden: false,
      // A kernel that lists functions only does not tell where the others begin.
      views: oneOf('list,tree,sysfs', 'list'),
    },
  };
}
