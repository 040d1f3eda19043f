// `winston-kafkajs/formats`: apart from index.ts, so that only those who ask for them load them.
export { type CloudEventsFormat, type CloudEventsOptions, cloudEvents } from './formats/cloud-events.ts';
export { type OtlpJsonOptions, otlpJson } from './formats/otlp-json.ts';
