// A whole request, byte by byte: as kafkajs writes it.
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { requestOf } from '../../lib/protocol/request.ts';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder.js');
const createRequest = require('kafkajs/src/protocol/request.js');

it.each([
  ['a client id', 'my-service'],
  ['one that is not ASCII', 'dienst-ä'],
  ['an empty one', ''],
  ['none', null],
])('is written as kafkajs writes it, with %s', async (_name, clientId) => {
  const body = [Buffer.from('a body '), Buffer.from('in pieces')];
  const header = { apiKey: 3, apiVersion: 12, correlationId: 0x01020304, clientId };
  const payload = new Encoder();
  payload.writeBufferInternal(Buffer.concat(body));
  const expected = await createRequest({ ...header, request: { ...header, encode: async () => payload } });
  expect(requestOf(header, body)).toEqual(expected.buffer);
});
