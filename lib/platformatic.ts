// `winston-kafkajs/platformatic`: apart from index.ts, so that only those who ask for it have @platformatic/kafka in a bundle.
export { platformaticClient } from './clients/platformatic/choose.ts';
export type { PlatformaticClient } from './clients/platformatic/chosen.ts';
