import { expect, it } from 'vitest';
import { LoopDetection } from '../../lib/loop-detector/loop-detection.ts';
import { resolveOptions } from '../../lib/options/resolve.ts';
import { HeldClock } from '../sender/rig.ts';

it.each([
  ['by default', {}, true],
  ['with loopDetection: false', { loopDetection: false }, false],
  ['where a record that waits a second may be too old', { retry: { maxAgeMs: 4_999 } }, false],
  ['where records may wait for long enough', { retry: { maxAgeMs: 5_000 } }, true],
])('%s, flushes may be held: %j %s', (_name, given, mayHold) => {
  const options = resolveOptions({ topic: 'logs', kafka: { brokers: ['localhost:9092'] }, ...given });
  const net = new LoopDetection(options, new HeldClock(), () => undefined);
  expect(net.gate !== undefined).toBe(mayHold);
});
