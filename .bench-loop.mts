import winston from 'winston';
import { KafkaTransport } from './lib/index.ts';
const on = process.argv[2] === 'on';
const producer = { connect: async () => {}, disconnect: async () => {}, send: async (r: any) => [{ topicName: r.topic, partition: 0, errorCode: 0 }] };
const t = new KafkaTransport({ topic: 't', producer: () => producer as any, loopDetection: on });
const logger = winston.createLogger({ format: winston.format.json(), transports: [t] });
async function round(n: number) { let spent = 0; for (let i = 0; i < n; i += 200) { const s = performance.now(); for (let k = 0; k < 200; k++) logger.info('order paid', { order: i + k }); spent += performance.now() - s; await new Promise((r) => setTimeout(r, 1)); } return spent * 1e6 / n; }
await round(40000); 
const xs: number[] = []; for (let i = 0; i < 5; i++) xs.push(await round(40000));
console.log(JSON.stringify({ on, ns: Math.round(Math.min(...xs)), stats: t.stats().loops }));
await t.close();
