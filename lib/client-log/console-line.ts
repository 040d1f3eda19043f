import { systemTime } from '../time/system-timers.ts';
import type { ClientLineLevel } from './levels.ts';
import { formatLine, ownText } from './line.ts';
import { stderrLines } from './stderr.ts';

/**
 * Prints one line of this package's own to stderr, where no capture of `console` or `process.stderr` sees it.
 * Never throws; secrets and line ends in `message` are masked as in a client's line.
 */
export function consoleLine(level: ClientLineLevel, message: string): void {
  try {
    stderrLines.print(formatLine(systemTime(), level, ownText(message)));
  } catch {
    // Nowhere is left to report it.
  }
}
