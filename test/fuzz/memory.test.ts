// The bounded part of the fuzzer: every way of damage, and every case that once was slow or wrong.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../support/random.ts';
import { type Case, draw, tryCase } from './case.ts';
import { allDamages } from './damage.ts';
import { World } from './world.ts';

const CORPUS = 'test/fuzz/corpus';
const CASES = 60;
const TIMEOUT_MS = 600_000;

let world: World;
beforeAll(async () => {
  world = await World.open('samples/web-1/after.kdump');
}, TIMEOUT_MS);

describe('damaged memory', () => {
  it.each(allDamages)(
    '$name: every question ends at a bounded cost, with explained errors, and loses nothing without a word',
    { timeout: TIMEOUT_MS },
    async (damage) => {
      const random = new Random(damage.name.length * 7919);
      for (let number = 0; number < CASES; number++) {
        const drawn = draw(world, random, damage);
        const { fault } = await tryCase(world, drawn);
        expect(fault, `case ${number}: ${JSON.stringify(drawn).slice(0, 400)}`).toBeUndefined();
      }
    },
  );
});

describe('a case that was once slow or wrong', () => {
  const files = readdirSync(CORPUS).filter((name) => name.endsWith('.json'));
  it.each(files)('%s is neither any more', { timeout: TIMEOUT_MS }, async (name) => {
    const given = JSON.parse(readFileSync(join(CORPUS, name), 'utf8')) as Case;
    expect((await tryCase(world, given)).fault).toBeUndefined();
  });
});
