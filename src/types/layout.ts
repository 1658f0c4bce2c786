// Layouts of C structs: offset, size and bits of each member.
// Profiles hold them.

/** Where a member is: byte offset and byte size, and for bitfields the first bit (counted from the offset) and the number of bits. */
export type MemberLayout = readonly [offset: number, size: number, firstBit?: number, bits?: number];

/** One C struct or union as one kernel build lays it out. Members of anonymous inner structs are flattened into it. */
export interface TypeLayout {
  /** Bytes of the whole. */
  readonly size: number;
  readonly members: Readonly<Record<string, MemberLayout>>;
}

/** Struct name → layout. */
export type Layouts = Readonly<Record<string, TypeLayout>>;
