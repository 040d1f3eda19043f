// The program of a shipping thread. `.ci/worker-program.js` makes one text of it, which is started by worker-thread.ts.
import { handOnPrints } from './forwarded-stdio.ts';
import { serve } from './serve.ts';
import { startOfThisThread } from '../clients/worker/this-thread.ts';
import { muteNegativeTimers } from './timer-warning.ts';

const start = startOfThisThread();
if (start !== undefined) {
  muteNegativeTimers();
  handOnPrints(serve(start));
}
