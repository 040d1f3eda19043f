import { describe, expect, it } from 'vitest';
import type { SendGate } from '../../lib/sender/sender-options.ts';
import { Rig } from './rig.ts';

const HOLD_MS = 300;

/** Holds every flush that it may. */
class Holding implements SendGate {
  readonly asked: { now: number; mayPause: boolean }[] = [];
  readonly sends: boolean[] = [];
  #until: number | undefined;

  pauseUntil(now: number, mayPause: boolean): number {
    this.asked.push({ now, mayPause });
    if (!mayPause) return 0;
    this.#until ??= now + HOLD_MS;
    if (now < this.#until) return this.#until;
    this.#until = undefined;
    return 0;
  }

  onSend(_now: number, isForced: boolean): void {
    this.sends.push(isForced);
  }
}

/** A rig that has sent its first record: before that nobody knows whether Kafka is there. */
async function warm(
  options: ConstructorParameters<typeof Rig>[0] = {},
): Promise<{ rig: Rig; gate: Holding }> {
  const gate = new Holding();
  const rig = new Rig({ gate, ...options });
  rig.log('first');
  await rig.clock.pass(25);
  expect(rig.delivered).toEqual(['first']);
  expect(gate.asked.every(({ mayPause }) => !mayPause)).toBe(true);
  gate.asked.length = 0;
  return { rig, gate };
}

describe('a flush that is held', () => {
  it('goes out when it may, with what has come meanwhile, and is told of', async () => {
    const { rig, gate } = await warm();
    rig.log('a');
    await rig.clock.pass(100);
    rig.log('b');
    await rig.clock.pass(20 + HOLD_MS - 100 - 2);
    expect(rig.delivered).toEqual(['first']);
    await rig.clock.pass(5);
    expect(rig.delivered).toEqual(['first', 'a', 'b']);
    expect(gate.sends).toEqual([false, false]);
  });

  it('goes out at once when somebody flushes', async () => {
    const { rig, gate } = await warm();
    rig.log('a');
    await rig.clock.pass(50);
    const flushed = rig.flush();
    await rig.clock.pass(1);
    expect(await flushed).toEqual({ delivered: 2, dropped: 0, pending: 0 });
    expect(gate.sends).toEqual([false, true]);
  });

  it('goes out at once when memory is more than half full', async () => {
    const { rig } = await warm({ buffer: { maxRecords: 40, maxBytes: 1_000_000, overflow: 'drop-oldest' } });
    rig.log(...Array.from({ length: 20 }, (_, at) => `record ${at}`));
    await rig.clock.pass(50);
    expect(rig.delivered).toEqual(['first']);
    rig.log('one more');
    await rig.clock.pass(25);
    expect(rig.delivered).toHaveLength(22);
  });

  it('is not held again before all of it is out', async () => {
    const { rig, gate } = await warm();
    // Three batches.
    rig.log(...Array.from({ length: 25 }, (_, at) => `record ${at}`));
    await rig.clock.pass(HOLD_MS + 45);
    expect(rig.delivered).toHaveLength(26);
    expect(gate.sends).toHaveLength(4);
    rig.log('later');
    await rig.clock.pass(HOLD_MS - 10);
    expect(rig.delivered).toHaveLength(26);
  });
});
