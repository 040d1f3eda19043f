// The life cycle once more, with winston-transport 4.8 as the base class: that one is on readable-stream 4. winston
// itself stays on its own, as in an application.
import { describe, expect, it, vi } from 'vitest';
import TransportStream from 'winston-transport';
import { KafkaTransport } from '../../lib/index.ts';

vi.mock('winston-transport', () => import('winston-transport-4.8'));

it('these specs are about readable-stream 4', () => {
  // 3 has no such property.
  expect(new TransportStream()).toHaveProperty('errored');
  expect(KafkaTransport.prototype).toBeInstanceOf(TransportStream);
});

describe('on readable-stream 4', async () => {
  await import('./a-typo-in-level-silences.spec.ts');
  await import('./a-wrapped-log-counts-records-twice.spec.ts');
  await import('./abstract-suite.spec.ts');
  await import('./crash-handler.spec.ts');
  await import('./stream-end.spec.ts');
  await import('./log-call.spec.ts');
  await import('./parents.spec.ts');
  await import('./winston-semantics.spec.ts');
  await import('./winston-transport-behaviour.spec.ts');
});
