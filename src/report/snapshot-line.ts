// One snapshot on one line of a page: when it was taken, which file it is, which kernel ran.
// Where that finds no room the kernel goes first, and the path is cut so that the file's name stays.
import type { Facts } from './answer.ts';
import { escapeText } from './escape.ts';
import { truncate, truncatePath, widthOf } from './width.ts';

/** Such a line, safe to print and at most `width` columns wide. */
export function snapshotLine({ snapshot, kernel }: Facts, width: number): string {
  const time = kernel.time ?? snapshot.takenAt ?? 'at no known time';
  const path = escapeText(snapshot.path);
  const whole = `${time}  ${path}  ${escapeText(`Linux ${kernel.release}`)}`;
  if (widthOf(whole) <= width) return whole;
  const room = width - widthOf(time) - 2;
  return room < 1 ? truncate(time, width) : `${time}  ${truncatePath(path, room)}`;
}
