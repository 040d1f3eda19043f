// A transport is a stream: something else than a logger may be piped into it.
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { runGuarded } from '../../lib/index.ts';
import { expectLaw, startCluster, TOPIC, transportTo } from '../support/harness.ts';

const infoOf = (text: string) => ({ level: 'info', message: text, [Symbol.for('message')]: text });

it('takes what another stream pipes in, but nothing that is written under the flag', async () => {
  const cluster = await startCluster();
  const transport = transportTo(cluster);
  const source = new PassThrough({ objectMode: true });
  source.pipe(transport);
  // Nobody marks these at the call: so the flag is read when they arrive.
  const arrive = async (): Promise<void> => {
    transport.write(infoOf('re-entrant'));
  };
  source.write(infoOf('first'));
  await runGuarded(arrive);
  source.end(infoOf('last'));
  await new Promise((resolve) => transport.once('finish', resolve));
  expect(cluster.values(TOPIC)).toEqual(['first', 'last']);
  expect(transport.stats()).toMatchObject({ accepted: 2, delivered: 2, suppressed: { reentrant: 1 } });
  expectLaw(transport);
});
