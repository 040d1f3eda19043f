// The program of a shipping thread. `.ci/worker-program.js` makes one text of it, which is started by worker-thread.ts.

import { startOfThisThread } from '../clients/worker/shipping-thread.ts';
import { forwardStdio } from './forwarded-stdio.ts';
import { serve } from './serve.ts';
import { muteNegativeTimers } from './timer-warning.ts';

const start = startOfThisThread();
if (start !== undefined) {
  muteNegativeTimers();
  forwardStdio(serve(start));
}
