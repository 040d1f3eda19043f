// The next delay is forecast from so many, with this tolerance in milliseconds and as a part of it. Delays that are spread
// wider do not belong together.
const REMEMBERED_DELAYS = 6;
const SLACK_MS = 8;
const SLACK_PART = 0.03;
const MAX_SPREAD_MS = 150;

// So many in a row of about the same length are steady.
const STEADY_DELAYS = 3;
const STEADY_SPREAD_MS = 60;

/** The next one is expected between `from` and `to`. */
export interface Forecast {
  readonly from: number;
  readonly to: number;
}

/** How long it took, in milliseconds, from a send to the first record of a kind after it: the last few times. */
export class EchoDelays {
  #all: number[] = [];

  get last(): number | undefined {
    return this.#all.at(-1);
  }

  get areSteady(): boolean {
    const recent = this.#all.slice(-STEADY_DELAYS);
    return recent.length === STEADY_DELAYS && spreadOf(recent) <= STEADY_SPREAD_MS;
  }

  get forecast(): Forecast | undefined {
    if (this.#all.length === 0) return undefined;
    const least = Math.min(...this.#all);
    const most = Math.max(...this.#all);
    return {
      from: Math.max(0, least - SLACK_MS - SLACK_PART * least),
      to: most + SLACK_MS + SLACK_PART * most,
    };
  }

  /** How wide the forecast is, in milliseconds. */
  get width(): number {
    const { forecast } = this;
    return forecast === undefined ? MAX_SPREAD_MS : forecast.to - forecast.from;
  }

  learn(delay: number): void {
    const all = [...this.#all, delay].slice(-REMEMBERED_DELAYS);
    this.#all = spreadOf(all) <= MAX_SPREAD_MS ? all : [delay];
  }

  forget(): void {
    this.#all = [];
  }
}

function spreadOf(delays: readonly number[]): number {
  return Math.max(...delays) - Math.min(...delays);
}
