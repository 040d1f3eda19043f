// This folder has what is leaned on of kafkajs 2.2.4 beyond what it promises, each with the line of its source that forces it. Where
// kafkajs is another one, each leaves it as it is; spec/clients/kafkajs/workarounds fails the day it changes.

// kafkajs refuses an idempotent producer with less than 1 retry (producer/index.js: `retries < 1`). But its retry inside
// a send may succeed after the send was given up here, and the batch would go again under new sequence numbers. NaN
// passes that check, and allows no retry (retry/index.js: `retryCount < retries`).
export const NO_RETRIES: number = Number.NaN;
// What it has to say about that, once a client; the retries are the sender's.
export const LIMITED_RETRIES: string = 'Limiting retries for the idempotent producer';

// How long before a SASL session ends kafkajs authenticates anew, in milliseconds. Its own 10 s
// (network/connection.js, `reauthenticationThreshold`) is at every request where a session is shorter than that, and
// Kafka refuses to begin twice within 1 s (KafkaChannel.java, MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS): nothing would be
// delivered. How long a session is only kafkajs's connection knows. 1 s is enough for a request to arrive; one that comes
// too late costs a closed connection and a retry. So sessions may be as short as 2 s.
export const REAUTHENTICATION_MS: number = 1_000;
