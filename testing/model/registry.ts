// What the option `serialize` of the model's processes asks for each value, as a schema registry is asked: it may be away, or slow.
import type { TransportEntry } from '../../lib/record/record.ts';
import type { Clock } from '../../lib/time/clock.ts';

const SLOW_MS = 500;

export class ModelRegistry {
  /** `sync`: nobody need be asked. */
  state: 'here' | 'away' | 'slow' | 'sync' = 'here';

  serialize({ message }: TransportEntry, clock: Clock): string | Promise<string> {
    if (this.state === 'sync') return message;
    if (this.state === 'away')
      return Promise.reject(Object.assign(new Error('the registry is away'), { code: 'ECONNREFUSED' }));
    const ms = this.state === 'slow' ? SLOW_MS : 1;
    return new Promise((resolve) => void clock.after(ms, () => resolve(message)));
  }
}
