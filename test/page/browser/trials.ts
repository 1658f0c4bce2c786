import type { Browser } from 'playwright-core';
import type { PageModel } from '../../../src/page/model.ts';

/** What trials are made with. */
export interface Ground {
  readonly browser: Browser;
  /** A page of drawn data, hostile texts and a long table in it, and what it holds. */
  readonly drawn: { readonly file: string; readonly model: PageModel };
  /** The page that the command writes of the shipped samples. */
  readonly sample: string;
}

/** One thing that must hold, as a sentence; it throws where it does not. */
export interface Trial {
  readonly name: string;
  run(ground: Ground): Promise<void>;
}

/** Trials as a list, each with its sentence. */
export const trials = (list: Readonly<Record<string, Trial['run']>>): Trial[] =>
  Object.entries(list).map(([name, run]) => ({ name, run }));
