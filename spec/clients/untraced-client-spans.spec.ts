import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { expect, it } from 'vitest';
import type { Batch } from '../../lib/accumulator/batch.ts';
import type { ClientSource, DeliveryClient } from '../../lib/clients/client.ts';
import { untracedSource } from '../../lib/clients/untraced-client.ts';
import { startTracing } from '../record/headers/sdk.ts';

/** A source whose clients note what is traced of what they do, before and after an await. */
function notingSource(seen: string[], canRenew: boolean): ClientSource {
  const note = (what: string): void => {
    seen.push(`${what}: ${isTracingSuppressed(context.active()) ? 'untraced' : 'traced'}`);
  };
  const noting = (what: string) => async (): Promise<void> => {
    note(what);
    await null;
    note(what);
  };
  const make = (): DeliveryClient => {
    note('make');
    return {
      connect: noting('connect'),
      send: noting('send'),
      close: noting('close'),
      kill: () => note('kill'),
      ...(canRenew && { renew: noting('renew') }),
    };
  };
  return { make, keepsSendTogether: true, resendsWhole: canRenew, isOwned: true, brokerCount: 3 };
}

it.each([true, false])('nothing that a client does is traced (it can be renewed: %s)', async (canRenew) => {
  startTracing();
  const seen: string[] = [];
  const source = notingSource(seen, canRenew);
  const untraced = untracedSource(source);
  expect(untraced).toMatchObject({
    keepsSendTogether: true,
    resendsWhole: canRenew,
    isOwned: true,
    brokerCount: 3,
  });
  const client = untraced.make();
  await client.connect();
  await client.send({} as Batch);
  await client.renew?.();
  await client.close();
  client.kill();
  const twice = (what: string): string[] => [`${what}: untraced`, `${what}: untraced`];
  expect(seen).toEqual([
    'make: untraced',
    ...['connect', 'send', ...(canRenew ? ['renew'] : []), 'close'].flatMap(twice),
    'kill: untraced',
  ]);
  expect(client.renew === undefined).toBe(!canRenew);
});
