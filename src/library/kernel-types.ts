// The types of one kernel by name: its own, then those that modules add; of a kernel that does not describe itself, what
// its profile tells. Nothing is read before somebody asks.
import { BadProfile, EvidenceFault, type Note, NotInKernel } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import type { BtfTypes } from '../profile/btf-types.ts';
import { ownTypes } from '../session/linux/own-btf.ts';
import type { Session } from '../session/session.ts';
import { type KernelMember, type KernelType, namedMembers } from '../types/kernel-type.ts';
import type { ModuleTypes } from './loaded-modules.ts';
import { ProfileTypes } from './profile-types.ts';

/** Types of modules that are kept: each holds a copy of the kernel's own. */
const MOST_KEPT = 4;

/** A type, and who describes it. */
export interface DescribedType {
  readonly type: KernelType;
  /** The module that does; null where it is the kernel itself. */
  readonly module: string | null;
}

/** A member of a struct, from the start of the struct that was asked for. */
export type PlacedMember = Pick<KernelMember, 'type' | 'offset' | 'firstBit' | 'bits'>;

/** Every type of a kernel. */
export class KernelTypes {
  readonly #session: Session;
  readonly #modules: () => readonly ModuleTypes[];
  readonly #note: Note;
  /** What the profile tells, for a kernel that does not describe itself. */
  readonly #told: ProfileTypes;
  #own: BtfTypes | null | undefined;
  readonly #kept = new Map<ModuleTypes, BtfTypes | undefined>();

  constructor(session: Session, modules: () => readonly ModuleTypes[], note: Note) {
    this.#session = session;
    this.#modules = modules;
    this.#note = note;
    this.#told = new ProfileTypes(session.profile.types, session.profile.pointerBytes);
  }

  /** The kernel's own types; null where it does not tell them, which is noted. */
  get own(): BtfTypes | null {
    if (this.#own === undefined) this.#own = this.#readOwn();
    return this.#own;
  }

  /**
   * The kernel's own types of that name, or where it has none those that modules add: `task_struct`, `struct task_struct`,
   * `pid_t`. Structs that are only declared are left out.
   */
  all(name: string): DescribedType[] {
    const wanted = name.trim().replace(/\s+/g, ' ');
    const { own } = this;
    if (own === null) {
      const type = this.#told.find(wanted);
      return type === undefined ? [] : [{ type, module: null }];
    }
    const found = own.find(wanted).map((type) => ({ type, module: null }));
    if (found.length > 0) return found;
    return this.#modules().flatMap((module) => {
      const types = this.#typesOf(module)?.find(wanted) ?? [];
      return types.map((type) => ({ type, module: module.module }));
    });
  }

  /**
   * The type of that name. Where several are called so (drivers choose the same names) it is the one with the most members.
   * @throws NotInKernel
   */
  find(name: string): KernelType {
    const [first, ...others] = this.all(name);
    if (first === undefined) throw new NotInKernel(`this kernel has no type ${name}${this.#hint(name)}`);
    return others.reduce(
      (best, { type }) => (type.members.length > best.members.length ? type : best),
      first.type,
    );
  }

  /** The same, for a struct or union. @throws NotInKernel */
  struct(name: string): KernelType {
    const found = this.find(name);
    if (found.kind !== 'struct' && found.kind !== 'union')
      throw new NotInKernel(`${name} is no struct or union of this kernel, but ${found.name}`);
    return found;
  }

  /** Bytes of a type. @throws NotInKernel */
  sizeOf(name: string): number {
    return this.find(name).size;
  }

  /** Where a member is: `member('task_struct', 'se.avg.load_avg')`, `member('mm_struct', 'rss_stat[1].count')`. @throws NotInKernel */
  member(name: string, path: string): PlacedMember {
    let place: PlacedMember = { type: this.find(name), offset: 0, firstBit: 0, bits: 0 };
    for (const step of stepsOf(path)) {
      const { type, offset } = place;
      if (typeof step === 'string') {
        const member = namedMembers(type).get(step);
        if (member === undefined)
          throw new NotInKernel(
            `this kernel has no ${step} in ${type.name}${hint(step, [...namedMembers(type).keys()])}`,
          );
        place = { ...member, offset: offset + member.offset };
      } else {
        const { target, kind, count } = type;
        if (kind !== 'array' || target === null || (count > 0 && step >= count))
          throw new NotInKernel(`${type.name} has no element ${step}`);
        place = { type: target, offset: offset + step * target.size, firstBit: 0, bits: 0 };
      }
    }
    return place;
  }

  /** Bytes from the start of a struct to a member. @throws NotInKernel */
  offsetOf(name: string, path: string): number {
    return this.member(name, path).offset;
  }

  /** The names of all types of the kernel's own, or of its profile; those that modules add are not among them. */
  *names(): Generator<string> {
    const { own } = this;
    yield* (own ?? this.#told).names();
  }

  #typesOf(module: ModuleTypes): BtfTypes | undefined {
    const known = this.#kept.get(module);
    if (known !== undefined) return known;
    const types = module.read();
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MOST_KEPT) this.#kept.delete(oldest);
    this.#kept.set(module, types);
    return types;
  }

  #readOwn(): BtfTypes | null {
    try {
      const { types, notes } = ownTypes(this.#session);
      for (const note of notes) this.#note(note);
      return types;
    } catch (error) {
      if (!(error instanceof EvidenceFault || error instanceof BadProfile)) throw error;
      this.#note(
        `${error.message}: only the ${this.#told.count} structs of its profile (${this.#session.profile.source}) are known, and of their members those that questions read`,
      );
      return null;
    }
  }

  #hint(name: string): string {
    const plain = name.replace(/^(struct|union|enum) +/, '');
    const names: string[] = [];
    for (const known of this.names())
      if (known[0] === plain[0] && Math.abs(known.length - plain.length) <= 3) names.push(known);
    return hint(plain, names);
  }
}

/** Names and indexes of `a.b[2].c`, in order. @throws NotInKernel where it is no such path */
function stepsOf(path: string): (string | number)[] {
  if (!/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d{1,9}\])*$/.test(path))
    throw new NotInKernel(`${path} names no member`);
  return [...path.matchAll(/([A-Za-z_]\w*)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
}
