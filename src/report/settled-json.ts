// The values of a struct as JSON: members by name in the form that cells have, addresses in hex, absences with the reason.
// The library and `vestige type` use it.
import { hex } from '../base/address.ts';
import type { Settled } from '../library/settle.ts';
import { cellJson } from './cell.ts';

/** A value as JSON holds it. */
export function settledJson(value: Settled): unknown {
  if (value === null || typeof value !== 'object')
    return typeof value === 'bigint' ? cellJson('int', value) : value;
  if ('absent' in value) return value;
  if ('enumerator' in value) return value.enumerator;
  if ('pointer' in value) return { pointer: hex(value.pointer), to: value.to, symbol: value.symbol };
  if ('bytes' in value) return { bytes: Buffer.from(value.bytes).toString('hex') };
  if ('elements' in value) return { elements: value.elements.map(settledJson), ...leftOut(value.left) };
  return {
    members: value.members.map(({ name, type, offset, value: of }) => ({
      name,
      type,
      offset,
      value: settledJson(of),
    })),
    ...leftOut(value.left),
  };
}

const leftOut = (left: number): object => (left === 0 ? {} : { leftOut: left });

/** Whether all of a value could be read. */
export function isWhole(value: Settled): boolean {
  if (value === null || typeof value !== 'object') return true;
  if ('absent' in value) return false;
  if ('members' in value) return value.members.every((member) => isWhole(member.value));
  return 'elements' in value ? value.elements.every(isWhole) : true;
}
