import { describe, expect, it } from 'vitest';
import { type Figures, judge, type ShippingFigures } from './figures.ts';

const GOOD: ShippingFigures = {
  asked: 1_200,
  answered: 1_200,
  slowestMs: 12,
  logged: 1_200,
  delivered: 1_200,
  sends: 100,
  reconnects: 0,
  keptOut: 210,
  keptOutSeen: 210,
  loopDelayMs: 9,
  arrivals: { distinct: 1_200, duplicates: 0, outOfOrder: 0, reentrant: 0 },
};

type Change = Partial<Omit<ShippingFigures, 'arrivals'>> & {
  arrivals?: Partial<ShippingFigures['arrivals']>;
};

function changed({ arrivals, ...change }: Change = {}): ShippingFigures {
  return { ...GOOD, ...change, arrivals: { ...GOOD.arrivals, ...arrivals } };
}

function figures(steady: Change = {}, outage: Change = {}): Figures {
  return {
    trap: { sends: 4_400, waiting: 4_400, seconds: 2, loopDelayMs: 30 },
    steady: changed(steady),
    outage: { ...changed({ reconnects: 1, ...outage }), waited: 1_200 },
  };
}

const WRONG: [change: Change, problem: string][] = [
  [{ answered: 1_199 }, '1 of 1200 requests were not answered'],
  [{ logged: 1_199 }, '1200 requests, but 1199 records logged'],
  [{ delivered: 1_199 }, '1200 records logged, but 1199 delivered'],
  [{ arrivals: { distinct: 1_199 } }, '1200 records logged, but 1199 in the topic'],
  [{ arrivals: { outOfOrder: 1 } }, '1 records are out of order in their partition'],
  [{ arrivals: { reentrant: 2 } }, "2 of the Kafka client's own lines are in the topic"],
  [{ keptOut: 0, keptOutSeen: 0 }, 'no re-entrant record was kept out: the Kafka client logged nothing'],
  [{ keptOutSeen: 209 }, '210 records kept out of Kafka, but the console got 209'],
  [{ keptOutSeen: 211 }, '210 records kept out of Kafka, but the console got 211'],
  [{ loopDelayMs: 2_501 }, 'the event loop stood still for 2501 ms'],
];

describe('judge', () => {
  it('finds nothing wrong with good figures', () => {
    expect(judge(figures())).toEqual([]);
  });

  it.each(WRONG)('says what is wrong: %j', (change, problem) => {
    // The first: some of the changes make other figures wrong, too.
    expect(judge(figures(change))[0]).toBe(`Act 2: ${problem}`);
    expect(judge(figures({}, change))[0]).toBe(`Act 3: ${problem}`);
  });

  it('takes nothing logged for a failure, whatever else agrees', () => {
    const none = { asked: 0, answered: 0, logged: 0, delivered: 0, arrivals: { distinct: 0 } };
    expect(judge(figures(none))).toEqual(['Act 2: nothing was logged']);
  });

  it('allows duplicates only where a connection was cut', () => {
    const twice = { arrivals: { duplicates: 3 } };
    expect(judge(figures(twice))).toEqual(['Act 2: 3 records are in the topic more than once']);
    expect(judge(figures({}, twice))).toEqual([]);
  });

  it('wants the trap to have closed', () => {
    const good = figures();
    expect(judge({ ...good, trap: { ...good.trap, sends: 1 } })).toEqual([
      'Act 1: the trap did not close, one record became 1 sends only',
    ]);
  });

  it('wants the broker to have been missed', () => {
    const missed = ['Act 3: the broker was not missed, so the act shows nothing'];
    const good = figures();
    expect(judge(figures({}, { reconnects: 0 }))).toEqual(missed);
    expect(judge({ ...good, outage: { ...good.outage, waited: 0 } })).toEqual(missed);
  });
});
