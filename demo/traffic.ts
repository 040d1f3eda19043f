import { Agent, get } from 'node:http';

const PER_SECOND = 400;
const TICK_MS = 10;
// After a standstill what was missed is not made up for at once: a burst would tell of this generator only.
const MAX_PER_TICK = 20;
const MAX_SOCKETS = 32;
const TIMEOUT_MS = 5_000;

/** A steady few hundred requests per second at an HTTP service. */
export class Traffic {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  readonly #open = new Set<Promise<void>>();
  readonly #startedAt = performance.now();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);
  #due = 0;
  asked = 0;
  answered = 0;
  slowestMs = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves when the last request is answered, or has failed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#agent.destroy();
  }

  #tick(): void {
    const due = Math.floor(((performance.now() - this.#startedAt) / 1_000) * PER_SECOND);
    for (let left = Math.min(due - this.#due, MAX_PER_TICK); left > 0; left--) {
      const asking = this.#ask(`/orders/${this.asked++}`).finally(() => this.#open.delete(asking));
      this.#open.add(asking);
    }
    this.#due = due;
  }

  async #ask(path: string): Promise<void> {
    const askedAt = performance.now();
    if (!(await isAnswered(this.#url + path, this.#agent))) return;
    this.answered++;
    this.slowestMs = Math.max(this.slowestMs, performance.now() - askedAt);
  }
}

function isAnswered(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
      response.once('error', () => resolve(false));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
