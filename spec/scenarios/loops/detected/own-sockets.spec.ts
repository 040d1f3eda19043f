import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { it, onTestFinished } from 'vitest';
import type winston from 'winston';
import type { ProducerLike } from '../../../../lib/index.ts';
import { startCluster } from '../../../support/harness.ts';
import { expectEnded, scene } from './rig.ts';

it('a client library that logs from a socket of its own, which is older than the first send, is found', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const metrics = connect({
    host: '127.0.0.1',
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
  });
  await once(metrics, 'connect');
  onTestFinished(() => {
    metrics.destroy();
    server.close();
  });
  let logger: winston.Logger | undefined;
  let answers = 0;
  metrics.on('data', () => logger?.debug(`metrics server has taken ${++answers}`));

  const cluster = await startCluster();
  const real = new Kafka({ brokers: cluster.addresses, logLevel: logLevel.NOTHING }).producer({
    createPartitioner: () => () => 0,
  });
  const producer: ProducerLike = {
    connect: () => real.connect(),
    disconnect: () => real.disconnect(),
    send: async (record) => {
      const answer = await real.send(record as Parameters<typeof real.send>[0]);
      metrics.write('sent');
      return answer;
    },
  };
  const it = await scene({ producer: () => producer }, cluster);
  logger = it.logger;
  it.logger.info('the first');
  await expectEnded(it, (message) => message.startsWith('metrics'), ['the first']);
});
