/**
 * A map of what can be found out again, by names of which there may be any number: topics, addresses, files. Where one more
 * than it may hold is to be remembered, it forgets all the others.
 */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #max: number;

  constructor(max: number) {
    super();
    this.#max = max;
  }

  override set(key: Key, value: Value): this {
    if (this.size >= this.#max && !this.has(key)) this.clear();
    return super.set(key, value);
  }
}
