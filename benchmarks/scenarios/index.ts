import type { Scenario } from '../scenario.ts';
import { callCost } from './call-cost.ts';
import { delivered } from './delivered.ts';
import { growth } from './growth.ts';
import { idle } from './idle.ts';
import { manyTransports } from './many-transports.ts';
import { outageMemory } from './outage-memory.ts';
import { startUp } from './start-up.ts';
import { steady } from './steady.ts';
import { tenOutages } from './ten-outages.ts';
import { unrelatedAwait } from './unrelated-await.ts';

/** In the order in which they are run and told of. */
export const scenarios: readonly Scenario[] = [
  callCost,
  unrelatedAwait,
  delivered,
  steady,
  outageMemory,
  tenOutages,
  growth,
  idle,
  startUp,
  manyTransports,
];
