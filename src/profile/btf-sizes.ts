// How large types are whose records are missing: no member reaches into the one that follows it, and where a type is used
// often some use of it leaves no room to spare.

/** The kind of a struct by its number (include/uapi/linux/btf.h). */
const STRUCT = 4;
/** A single use may be followed by padding. */
const LEAST_USES = 3;

/** What of a section of BTF the members of its structs are read by. Places are words of four bytes. */
interface StructRecords {
  /** The numbers of all structs and unions. */
  readonly structs: Iterable<number>;
  startOf(id: number): number | undefined;
  kindAt(at: number): number;
  flagAt(at: number): boolean;
  memberCountAt(at: number): number;
  word(at: number): number;
}

/** The size in bytes of each missing type that is used often enough; `lost` tells which missing type a type leads to. */
export function sizesByUse(
  section: StructRecords,
  lost: (type: number) => number | undefined,
): ReadonlyMap<number, number> {
  const least = new Map<number, { bytes: number; uses: number }>();
  for (const id of section.structs) {
    const at = section.startOf(id)!;
    if (section.kindAt(at) !== STRUCT || section.flagAt(at)) continue; // with bitfields, offsets mean other things
    const count = section.memberCountAt(at);
    for (let member = 0; member < count; member++) {
      const place = at + 3 + 3 * member;
      const missing = lost(section.word(place + 1));
      if (missing === undefined) continue;
      const next = member + 1 < count ? section.word(place + 5) : 8 * section.word(at + 2);
      const bytes = (next - section.word(place + 2)) / 8;
      const { bytes: before = Number.POSITIVE_INFINITY, uses = 0 } = least.get(missing) ?? {};
      least.set(missing, { bytes: Math.min(before, bytes), uses: uses + 1 });
    }
  }
  return new Map(
    [...least].flatMap(([type, { bytes, uses }]) =>
      uses >= LEAST_USES && bytes > 0 ? [[type, bytes] as const] : [],
    ),
  );
}
