// A set-up file of vitest. What the transport itself says on stderr is asserted where a child process can be watched;
// in the process of the specs it would only be noise between their results.
import { stderrLines } from '../../lib/client-log/stderr.ts';

stderrLines.print = () => undefined;
