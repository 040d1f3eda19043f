// Random batches in record batches of our own and in kafkajs's, both read back with kafkajs's decoder.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENTS } from './clients.ts';
import { type Parts, readRecord, recordsOf, sentRecord } from './records.ts';
import { CONTENTS, contractRig, resultOf } from './rig.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  // Also halves of surrogate pairs.
  fc.array(fc.integer({ min: 0xd000, max: 0xe100 })).map((units) => String.fromCharCode(...units)),
  fc.string({ minLength: 200, maxLength: 2_000 }),
);
const value = fc.oneof(
  text,
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);
// kafkajs's decoder takes a header for the second of its name where objects inherit something of that name (`toString`).
const headerName = fc.string({ unit: 'binary' }).filter((name) => !(name in {}));
const parts: fc.Arbitrary<Parts[]> = fc.array(
  fc.record({
    text,
    key: fc.oneof(fc.constant(null), value),
    headers: fc.oneof(
      fc.constant(undefined),
      fc.dictionary(headerName, value, { maxKeys: 4, noNullPrototype: true }),
    ),
    time: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 8.64e15 })),
  }),
  { minLength: 1, maxLength: 20 },
);

describe.each(CLIENTS)('$name', (own) => {
  const rig = contractRig(own);

  it.each(CONTENTS)('delivers random records as they are, as %s', async (_, contentOf) => {
    const client = await rig.connected();
    const property = fc.asyncProperty(parts, async (given) => {
      const topic = rig.newTopic();
      const content = contentOf(recordsOf(topic, given));
      expect(await resultOf(client, { topic, content, partition: 0 })).toEqual({ kind: 'delivered' });
      expect(rig.cluster.records(topic).map(readRecord)).toEqual(given.map(sentRecord));
    });
    await fc.assert(property, { numRuns: 40 });
  });
});
