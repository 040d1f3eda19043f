// Part of the in-process Kafka stand-in for specs and the demo; it is not a broker.
// Which versions of which APIs one broker advertises and answers.
import { API_NAMES, APIS, type ApiName } from './apis.ts';

export type VersionRange = readonly [min: number, max: number];

/** null: the broker does not have the API. */
export type VersionRanges = Readonly<Partial<Record<ApiName, VersionRange | null>>>;

export class BrokerVersions {
  readonly #ranges = new Map<ApiName, VersionRange | null>(
    API_NAMES.map((name) => [name, [APIS[name].min, APIS[name].max]]),
  );

  /** Sets those that are named; the others stay as they are. */
  set(ranges: VersionRanges): void {
    const entries = Object.entries(ranges) as [ApiName, VersionRange | null][];
    for (const [api, range] of entries) {
      if (range !== null && !(range[0] >= 0 && range[0] <= range[1])) {
        throw new RangeError(`No range of versions of ${api}: ${JSON.stringify(range)}`);
      }
    }
    for (const [api, range] of entries) this.#ranges.set(api, range);
  }

  /** What ApiVersions says. It may be more than the stand-in speaks. */
  advertised(): { key: number; min: number; max: number }[] {
    return API_NAMES.flatMap((name) => {
      const range = this.#ranges.get(name) ?? null;
      return range === null ? [] : [{ key: APIS[name].key, min: range[0], max: range[1] }];
    });
  }

  /** Whether a request of that version is answered: it is advertised, and the stand-in speaks it. */
  speaks(api: ApiName, version: number): boolean {
    const range = this.#ranges.get(api) ?? null;
    if (range === null || version < range[0] || version > range[1]) return false;
    return version >= APIS[api].min && version <= APIS[api].max;
  }
}
