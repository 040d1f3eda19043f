import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';
import type { KafkaTransport } from '../../lib/index.ts';
import type { BrokerCluster } from '../../testing/broker/broker-cluster.ts';
import { type Collecting, expectLaw, TOPIC } from './harness.ts';

// A spec whose guard is broken logs for ever. Functions that log stop here, so that it fails instead.
const MOST_LINES = 2_000;

/** Runs `log` each time it is called, for as long as that is bearable. */
export function bounded<Args extends unknown[]>(log: (...args: Args) => void): (...args: Args) => void {
  let calls = 0;
  return (...args) => {
    if (calls++ < MOST_LINES) log(...args);
  };
}

export interface Outcome {
  readonly cluster: BrokerCluster;
  readonly transport: KafkaTransport;
  /** One that takes every level. */
  readonly sibling: Collecting;
  /** The messages of the application's records, in order, each but once. */
  readonly app: readonly string[];
  /** The messages of the re-entrant ones, if they are known, in any order. */
  readonly reentrant?: readonly string[];
  readonly topic?: string;
}

/** What every row of the table in docs/loop-safety.md says. Flushes first. */
export async function expectNoLoop(outcome: Outcome): Promise<void> {
  const { cluster, transport, sibling, app, reentrant, topic = TOPIC } = outcome;
  await transport.flush();
  expect(cluster.values(topic)).toEqual(app);
  const isApp = new Set(app);
  const others = sibling.messages.filter((message) => !isApp.has(message));
  expect(sibling.messages.filter((message) => isApp.has(message))).toEqual(app);
  expect(new Set(sibling.infos).size).toBe(sibling.infos.length);
  if (reentrant !== undefined) expect(others.toSorted()).toEqual(reentrant.toSorted());
  expect(transport.stats()).toMatchObject({
    accepted: app.length,
    delivered: app.length,
    suppressed: { reentrant: others.length },
  });
  expectLaw(transport);
}

const QUIET_CYCLES = 10;
const TURNS_A_CYCLE = 20;

/** Resolves when nothing is taken in and nothing sent any more; rejects if that takes longer than `withinMs`. */
export async function fallsSilent(transport: KafkaTransport, withinMs = 2_000): Promise<void> {
  const limit = performance.now() + withinMs;
  for (let quiet = 0, before = ''; quiet < QUIET_CYCLES; ) {
    for (let turns = 0; turns < TURNS_A_CYCLE; turns++) await turn();
    await transport.flush();
    const { accepted, sends } = transport.stats();
    const now = `${accepted} accepted, ${sends} sends`;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
    if (performance.now() > limit) throw new Error(`not silent after ${withinMs} ms: ${now}`);
  }
}
