// The soak's own parts, and a few of its schedules: `npm run soak` runs as many as one likes.
import { describe, expect, it } from 'vitest';
import { judge, type Outcome } from './findings.ts';
import { SeededRandom } from './random.ts';
import { runSchedule } from './run-schedule.ts';
import { drawSchedule } from './schedule.ts';

describe('the same seed', () => {
  it('draws the same schedule', () => {
    expect(drawSchedule(17)).toEqual(drawSchedule(17));
    expect(drawSchedule(17)).not.toEqual(drawSchedule(18));
  });

  it('gives the same numbers, from 0 up to 1', () => {
    const [a, b] = [new SeededRandom(5), new SeededRandom(5)];
    for (let n = 0; n < 1_000; n++) {
      const number = a.next();
      expect(number).toBe(b.next());
      expect(number >= 0 && number < 1).toBe(true);
    }
  });
});

describe('the check sees', () => {
  const good: Outcome = {
    logged: 5,
    diedWith: new Set(),
    keyed: false,
    partitionsAdded: false,
    brokersAway: false,
    idempotent: true,
    repeatableBelow: 0,
    stored: [
      [0, 2],
      [1, 4],
    ],
    handedOn: new Set([3]),
    mishaps: [],
  };

  it.each<[string, Partial<Outcome>, RegExp | undefined]>([
    ['nothing wrong', {}, undefined],
    ['a record that is nowhere', { handedOn: new Set() }, /^lost: 3 /],
    ['a record that nobody logged', { logged: 4 }, /^never logged: 4/],
    [
      'an inversion',
      {
        stored: [
          [2, 0],
          [1, 4],
        ],
      },
      /^1 out of order/,
    ],
    [
      'an inversion of records with keys while a broker was away',
      {
        keyed: true,
        brokersAway: true,
        stored: [
          [2, 0],
          [1, 4],
        ],
      },
      /^1 out of order/,
    ],
    [
      'no fault in an inversion of records without keys while a broker was away',
      {
        brokersAway: true,
        stored: [
          [2, 0],
          [1, 4],
        ],
      },
      undefined,
    ],
    [
      'a duplicate',
      {
        stored: [
          [0, 2, 2],
          [1, 4],
        ],
      },
      /^1 duplicates/,
    ],
    [
      'no fault in a duplicate that is allowed',
      {
        stored: [
          [0, 2, 2],
          [1, 4],
        ],
        idempotent: false,
      },
      undefined,
    ],
    [
      'no fault in one from before the client was replaced, or the process ended',
      {
        stored: [
          [0, 2, 2],
          [1, 4],
        ],
        repeatableBelow: 3,
      },
      undefined,
    ],
    [
      'a duplicate of what was logged since',
      {
        stored: [
          [0, 2],
          [1, 4, 4],
        ],
        repeatableBelow: 4,
      },
      /^1 duplicates/,
    ],
    [
      'an inversion also where there may be duplicates',
      {
        stored: [
          [2, 0, 2],
          [1, 4],
        ],
        repeatableBelow: 5,
      },
      /^1 out of order/,
    ],
    ['no fault in a record that died with its process', { logged: 6, diedWith: new Set([5]) }, undefined],
    ['a record that is nowhere, beside it', { logged: 7, diedWith: new Set([6]) }, /^lost: 5 /],
    [
      'no fault in one that was handed on and arrived late',
      {
        stored: [
          [2, 0],
          [1, 4],
        ],
        handedOn: new Set([0, 3]),
      },
      undefined,
    ],
    ['a mishap', { mishaps: ['an error event'] }, /an error event/],
  ])('%s', (_, change, problem) => {
    const { problems } = judge({ ...good, ...change });
    if (problem === undefined) expect(problems).toEqual([]);
    else expect(problems.join()).toMatch(problem);
  });
});

it('seeds of before there were exits, and other policies, mean what they meant', () => {
  for (const seed of [1, 3, 10, 5, 20037, 491339170, 365856816]) {
    expect(drawSchedule(seed).overflow).toBe('drop-oldest');
    expect(drawSchedule(seed).hasMissingTopic).toBe(false);
  }
  for (const seed of [491339170, 365856816, 355862430]) {
    const { spool, steps } = drawSchedule(seed);
    expect(spool).toBe('none');
    expect(steps.map((step) => step.do)).not.toContain('exit');
    expect(steps.map((step) => step.do)).not.toContain('delete topic');
  }
});

// 3 and 10 have every way to end, and a topic that is deleted and made anew. 5 found records on disk that nobody but the
// process of a closed transport could send; 20037 that the next process sent keyed records behind younger ones when
// partitions had been added; 491339170 a partition blocked by a search for a refused record whose records had been shed; 365856816 a renewal that waited
// for ever for a send of kafkajs's that did not end when its connection was cut.
it.each([1, 3, 10, 5, 20037, 491339170, 365856816])('schedule %i goes well', async (seed) => {
  const { problems } = await runSchedule(drawSchedule(seed));
  expect(problems).toEqual([]);
});
