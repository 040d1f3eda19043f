// `winston-kafkajs/platformatic`: apart from index.ts, so that only those who ask for it have @platformatic/kafka in a bundle.

export type { PlatformaticClient } from './clients/platformatic/client-option.ts';
export { platformaticClient } from './clients/platformatic/make-client-option.ts';
