// A Linux kernel in memory, and the primitives by which its subsystems read it: symbols, structs at addresses, lists, notes.
// What the structures mean is told in the folders beside this file, one for each subsystem.
import { hex, highWord, isKernelAddress, lowWord, type VirtualAddress, wrapped } from '../../base/address.ts';
import { CorruptStructure, EvidenceFault, type Note, NotInKernel } from '../../base/errors.ts';
import { Notes } from '../../base/notes.ts';
import { decodeText } from '../../base/text.ts';
import type { SnapshotOrigin } from '../../memory/origin.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import type { Profile } from '../../profile/profile.ts';
import type { AddressSpace } from '../../translate/address-space.ts';
import { walkList } from '../../types/fields.ts';
import { StructView, TypeTable, type View, type Walk } from '../../types/struct.ts';
import { type Structs, structs } from './structs.ts';
import type { EnumeratorName, SymbolName } from './symbols.ts';

/** The symbols that a kernel's image lists of itself (kallsyms): functions, and mostly variables too. */
export interface ListedSymbols {
  /** The one at or before an address, of several there the first; undefined below the first. @throws EvidenceFault where it is missing */
  nearest(address: VirtualAddress): { readonly name: string; readonly address: VirtualAddress } | undefined;
  /** All that are code by their type (t, T, w, W), in ascending order of address; those are left out that are missing. */
  functions(): Iterable<{ readonly name: string; readonly address: VirtualAddress }>;
}

/** What makes a kernel out of bytes: its build's profile, and where this boot put things. */
export interface LinuxParts {
  readonly space: AddressSpace;
  readonly profile: Profile;
  /** What this boot added to the link-time addresses of the kernel image. */
  readonly slide: bigint;
  /** How the snapshot can be opened again, for sweeps on worker threads; null for drawn memory. */
  readonly origin: SnapshotOrigin | null;
  /** Finds the symbols that the kernel lists, in this memory; left out where it lists none, as drawn kernels do. @throws NotInKernel */
  readonly listed?: (memory: PhysicalMemory) => ListedSymbols;
  /** What was made of the profile's structs for another kernel of it; where it is left out, it is made anew. */
  readonly types?: TypeTable;
}

/** A Linux kernel found in a snapshot. What its structures mean the subsystems know, each in its folder. */
export class Linux {
  readonly space: AddressSpace;
  readonly profile: Profile;
  readonly slide: bigint;
  readonly origin: SnapshotOrigin | null;
  readonly listed: ((memory: PhysicalMemory) => ListedSymbols) | undefined;
  readonly types: TypeTable;
  /** What the evidence lacked, since the last `drain`. */
  readonly notes = new Notes(() => this.space.drainCalculated());
  readonly note: Note = (message) => (this.#apart ?? this.notes).add(message);
  #apart: Notes | null = null;

  constructor({ space, profile, slide, origin, listed, types }: LinuxParts) {
    this.space = space;
    space.note = this.note;
    this.profile = profile;
    this.slide = slide;
    this.origin = origin;
    this.listed = listed;
    this.types = types ?? new TypeTable(structs, profile.types, profile.pointerBytes);
  }

  /** Bytes of the kernel's own pages: PAGE_SIZE. */
  get pageBytes(): number {
    return this.space.paging.pageBytes;
  }

  /** Whether this build has the symbol. */
  hasSymbol(name: SymbolName): boolean {
    return this.profile.symbols[name] !== undefined;
  }

  /** Where the symbol is in this boot. @throws NotInKernel */
  symbol(name: SymbolName): VirtualAddress {
    const found = this.profile.symbols[name];
    if (found === undefined) throw new NotInKernel(`this kernel has no symbol ${name}`);
    const address = BigInt(found);
    const { pointerBytes } = this.types;
    return isKernelAddress(address, pointerBytes) ? wrapped(address + this.slide, pointerBytes) : address;
  }

  /** The value of an enumerator in this build. @throws NotInKernel */
  enumerator(name: EnumeratorName): number {
    const found = this.profile.enumerators[name];
    if (found === undefined) throw new NotInKernel(`this kernel has no enumerator ${name}`);
    return found;
  }

  /** The struct of kernel type `type` at `address`. Reading it may fault, making it never does. */
  at<N extends keyof Structs & string>(type: N, address: VirtualAddress): View<Structs, N> {
    const Class = this.types.classOf(type);
    return new Class(this.space, highWord(address), lowWord(address)) as View<Structs, N>;
  }

  /** `at` for an address already split into words. */
  atWords<N extends keyof Structs & string>(type: N, hi: number, lo: number): View<Structs, N> {
    const Class = this.types.classOf(type);
    return new Class(this.space, hi, lo) as View<Structs, N>;
  }

  /** The struct of type `type` whose `member` is at `address`: the kernel's container_of. @throws NotInKernel */
  containerOf<N extends keyof Structs & string>(
    type: N,
    member: string,
    address: VirtualAddress,
  ): View<Structs, N> {
    return this.at(
      type,
      wrapped(address - BigInt(this.types.offsetOf(type, member)), this.types.pointerBytes),
    );
  }

  /** The pointer-sized word at `address`. @throws EvidenceFault */
  pointerAt(address: VirtualAddress): VirtualAddress {
    const [hi, lo] = [highWord(address), lowWord(address)];
    return this.types.pointerBytes === 8
      ? this.space.u64(hi, lo, 0)
      : BigInt(this.space.i32(hi, lo, 0) >>> 0);
  }

  /** The unsigned 32-bit word at `address`. @throws EvidenceFault */
  u32At(address: VirtualAddress): number {
    return this.space.i32(highWord(address), lowWord(address), 0) >>> 0;
  }

  /** The unsigned 64-bit word at `address`. @throws EvidenceFault */
  u64At(address: VirtualAddress): bigint {
    return this.space.u64(highWord(address), lowWord(address), 0);
  }

  /** A variable of the kernel that is a pointer, or as wide. @throws CorruptStructure where it lies on a page of zeros @throws EvidenceFault */
  pointerOf(name: SymbolName): VirtualAddress {
    const value = this.pointerAt(this.symbol(name));
    if (value === 0n) this.#holdsMore(name);
    return value;
  }

  /** A variable of the kernel of 32 bits. @throws CorruptStructure where it lies on a page of zeros @throws EvidenceFault */
  u32Of(name: SymbolName): number {
    const value = this.u32At(this.symbol(name));
    if (value === 0) this.#holdsMore(name);
    return value;
  }

  /** A variable of the kernel of 64 bits. @throws CorruptStructure where it lies on a page of zeros @throws EvidenceFault */
  u64Of(name: SymbolName): bigint {
    const value = this.u64At(this.symbol(name));
    if (value === 0n) this.#holdsMore(name);
    return value;
  }

  /** A zero counts only where the kernel's other variables on its page were saved too. */
  #holdsMore(name: SymbolName): void {
    if (this.space.isBlankAt(this.symbol(name)))
      throw new CorruptStructure(`the page of ${name} holds nothing but zeros`);
  }

  /** The name at `address`, at most `limit` bytes. @throws CorruptStructure where it is empty: nothing of the kernel is called so @throws EvidenceFault */
  nameAt(address: VirtualAddress, limit: number): string {
    const name = this.space.cString(address, limit);
    if (name.length === 0) throw new CorruptStructure(`an empty name at ${hex(address)}`);
    return decodeText(name);
  }

  /** The text at `address`, at most `limit` bytes; it may be empty. @throws EvidenceFault */
  textAt(address: VirtualAddress, limit: number): string {
    return decodeText(this.space.cString(address, limit));
  }

  /** The entries of the list whose head is at `head`, from its start or its end: structs of kernel type `type`, linked through `member`. */
  list<N extends keyof Structs & string>(
    head: VirtualAddress,
    type: N,
    member: string,
    direction: 'forwards' | 'backwards' = 'forwards',
  ): Walk<View<Structs, N>> {
    const owner = new StructView(this.space, highWord(head), lowWord(head));
    const back = this.types.offsetOf(type, member);
    const way = { offset: 0, back, ownBytes: this.types.ownBytesOf(type), direction };
    const Entry = this.types.classOf(type);
    return walkList(owner, way, Entry, `${type}.${member} list`, this.types.pointerBytes) as Walk<
      View<Structs, N>
    >;
  }

  /** `read()`, or `otherwise` where the evidence faults; the fault becomes a note. */
  attempt<T>(read: () => T, otherwise: T, what: string): T {
    try {
      return read();
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      this.note(`${what}: ${fault.message}`);
      return otherwise;
    }
  }

  /** `things` as far as they come; a fault ends them and becomes a note, so that it keeps nobody from the next. */
  *untilFault<T>(things: Iterable<T>, what: string): Generator<T> {
    try {
      yield* things;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      this.note(`${what}: ${fault.message}`);
    }
  }

  /** What `work` notes, set apart from the notes of the question at hand: for walks that several questions share. */
  notedApart(work: () => void): string[] {
    const outer = this.#apart;
    const own = new Notes();
    this.#apart = own;
    try {
      work();
    } finally {
      this.#apart = outer;
    }
    return own.drain();
  }
}
