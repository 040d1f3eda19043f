import type { Batch } from '../accumulator/batch.ts';
import { untraced } from '../util/open-telemetry-api.ts';
import type { ClientSource, DeliveryClient } from './client.ts';

/**
 * A source of clients whose connects and sends nobody traces. A span for each send would be about no request of the
 * application's; one that is logged when it ends would be sent, and have the next one made, for ever; and an instrumented
 * client would put its own `traceparent` in place of the record's.
 */
export function untracedSource(source: ClientSource): ClientSource {
  return { ...source, make: () => new UntracedClient(untraced(() => source.make())) };
}

class UntracedClient implements DeliveryClient {
  readonly #client: DeliveryClient;
  readonly renew?: () => Promise<void>;

  constructor(client: DeliveryClient) {
    this.#client = client;
    if (client.renew !== undefined) this.renew = () => untraced(async () => await client.renew?.());
  }

  connect(): Promise<void> {
    return untraced(() => this.#client.connect());
  }

  send(batch: Batch): Promise<unknown> {
    return untraced(() => this.#client.send(batch));
  }

  close(): Promise<void> {
    return untraced(() => this.#client.close());
  }

  kill(): void {
    untraced(() => this.#client.kill());
  }
}
