import { expect, it } from 'vitest';
import type { DeliveryClient } from '../../../lib/clients/client.ts';
import { MissingPartitions } from '../../../lib/sender/results/missing-partitions.ts';

const client = (): DeliveryClient => ({}) as DeliveryClient;

it('a missing partition is certain when a second client finds as many partitions', () => {
  const missing = new MissingPartitions();
  const [first, second] = [client(), client()];
  expect(missing.onAbsent('logs', 3, first, 0)).toBe(false);
  expect(missing.onAbsent('logs', 3, first, 1)).toBe(false);
  expect(missing.onAbsent('logs', 3, second, 2)).toBe(true);
});

it('it stays certain for a minute, for any client that finds as many', () => {
  const missing = new MissingPartitions();
  missing.onAbsent('logs', 3, client(), 0);
  missing.onAbsent('logs', 3, client(), 0);
  expect(missing.onAbsent('logs', 3, client(), 59_999)).toBe(true);
  expect(missing.onAbsent('logs', 3, client(), 60_000)).toBe(false);
});

it('of another topic nothing is known', () => {
  const missing = new MissingPartitions();
  missing.onAbsent('logs', 3, client(), 0);
  expect(missing.onAbsent('audit', 3, client(), 0)).toBe(false);
});

it('what a client found before partitions were added confirms nothing about the new number', () => {
  const missing = new MissingPartitions();
  // Its partition was there for the second one: nothing was asked.
  expect(missing.onAbsent('logs', 3, client(), 0)).toBe(false);
  expect(missing.onAbsent('logs', 8, client(), 100_000)).toBe(false);
});
