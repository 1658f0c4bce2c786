// How snapshots are asked, as flags say: what is remembered is opened for a command, and closed after it.
// All that is said on the way goes to the terminal.
import { type Asking, type Inquiry, inquiryOf } from '../../inquiry/inquiry.ts';
import { Recall } from '../../inquiry/recall.ts';
import type { OpenSettings } from '../../inquiry/settings.ts';
import { storePaths } from '../../inquiry/store-paths.ts';
import { TERMINAL } from '../terminal/output.ts';
import { type OpenFlags, openSettings } from './settings.ts';

/** Does something that asks snapshots, and tidies up. @throws UsageError, UnreadableFile, BadProfile, and what `action` throws */
export async function withAsking<T>(
  flags: OpenFlags,
  search: OpenSettings['search'],
  action: (asking: Asking) => Promise<T>,
): Promise<T> {
  const settings = await openSettings(flags, search);
  const recall = await Recall.open(storePaths(flags), TERMINAL);
  try {
    return await action({ settings, recall, listener: TERMINAL });
  } finally {
    recall.close();
  }
}

/** Does one thing with the snapshot that a word names, and tidies up. @throws as `withAsking` */
export const withInquiry = <T>(
  word: string,
  flags: OpenFlags,
  search: OpenSettings['search'],
  action: (inquiry: Inquiry) => Promise<T>,
): Promise<T> =>
  withAsking(flags, search, async (asking) => {
    const inquiry = await inquiryOf(word, asking);
    try {
      return await action(inquiry);
    } finally {
      inquiry.close();
    }
  });
