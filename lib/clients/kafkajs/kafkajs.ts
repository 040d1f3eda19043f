// kafkajs is CommonJS, and of what it exports Node finds only the first few names for an `import { … }` in ESM (its
// lexer stops at `logLevel: LEVELS`). So everything is taken from the default import, in one place.
import kafkajs from 'kafkajs';

export const Kafka: typeof kafkajs.Kafka = kafkajs.Kafka;
export const Partitioners: typeof kafkajs.Partitioners = kafkajs.Partitioners;
export const CompressionCodecs: typeof kafkajs.CompressionCodecs = kafkajs.CompressionCodecs;
export const logLevel: typeof kafkajs.logLevel = kafkajs.logLevel;
