import type { PlatformaticClient } from './client-option.ts';

/**
 * Has a transport ship through `@platformatic/kafka` 2.x instead of kafkajs. The package is to be installed beside this one, and
 * needs Node 22.22 or later. `kafka` stays what it is; what of it cannot be translated throws at construction.
 *
 * @example
 * import { KafkaTransport } from 'winston-kafkajs';
 * import { platformaticClient } from 'winston-kafkajs/platformatic';
 *
 * logger.add(new KafkaTransport({
 *   topic: 'app-logs',
 *   kafka: { clientId: 'shop', brokers: ['localhost:9092'] },
 *   client: platformaticClient(),
 * }));
 */
export function platformaticClient(): PlatformaticClient {
  return Object.freeze<PlatformaticClient>({
    name: '@platformatic/kafka',
    load: () => import('@platformatic/kafka'),
  });
}
