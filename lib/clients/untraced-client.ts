import { untraced } from '../util/open-telemetry-api.ts';
import type { ClientSource, DeliveryClient } from './client.ts';

/**
 * A source of clients whose connects and sends nobody traces. A span for each send would be about no request of the
 * application's; one that is logged when it ends would be sent, and have the next one made, for ever; and an instrumented
 * client would put its own `traceparent` in place of the record's.
 */
export function untracedSource(source: ClientSource): ClientSource {
  return { ...source, make: () => untracedClient(untraced(() => source.make())) };
}

function untracedClient(client: DeliveryClient): DeliveryClient {
  return {
    connect: () => untraced(() => client.connect()),
    send: (batch) => untraced(() => client.send(batch)),
    close: () => untraced(() => client.close()),
    kill: () => untraced(() => client.kill()),
    ...(client.renew !== undefined && { renew: () => untraced(async () => await client.renew?.()) }),
  };
}
