import { type Info, LEVEL, MESSAGE } from '../../util/info.ts';
import { attempt, jsonObjectOf } from '../../util/safely.ts';
import { strictJsonOf } from './info-text.ts';
import { loadRedact } from './load-redact.ts';
import { plainCopyOf } from './plain-copy.ts';

const CENSOR = '[REDACTED]';

/** Leaves values out of what is sent, by their paths. The infos of the application's other transports stay as they are. */
export class Redaction {
  /** A copy without the values. */
  readonly #redact: (value: object) => object;

  /** @throws where a path cannot be read */
  constructor(paths: readonly string[]) {
    // With `serialize: false` the copy would have a function `restore`, also in place of a field of that name.
    const redact = loadRedact()({ paths: [...paths], censor: CENSOR, serialize: (copy: unknown) => copy });
    this.#redact = (value) => redact(value) as object;
  }

  /**
   * The text without the values. Of a text that is no JSON object nobody can tell where in it the values are: the info takes its
   * place, as JSON.
   *
   * @throws where the info cannot be read
   */
  text(info: Info, text: string): string {
    const parsed = jsonObjectOf(text);
    if (parsed === undefined) return JSON.stringify(this.#redact(fieldsOf(info)));
    // Before: it may write into what it is given (see `info`).
    const whole = JSON.stringify(parsed);
    const redacted = JSON.stringify(this.#redact(parsed));
    // As the format has written it, where nothing had to go.
    return redacted === whole ? text : redacted;
  }

  /** What the application's functions and the fallback get: without the arguments of the log call, which winston keeps on the info. */
  info(info: Info, level: string, text: string): Info {
    // Of the application's own objects none is given to it: it writes into what it has not copied, where one path has a name and another
    // one a wildcard for the same field (@pinojs/redact 0.4.0, `cloneSelectively`: `pathMap.get(key) || pathMap.get('*')`).
    const { fields, restored } = plainCopyOf(info);
    return { ...restored(this.#redact(fields)), [LEVEL]: level, [MESSAGE]: text } as Info;
  }
}

/** As JSON has them: what a `toJSON` writes is redacted, too. */
function fieldsOf(info: Info): object {
  const fields = jsonObjectOf(attempt(() => strictJsonOf(info)) ?? '');
  if (fields === undefined)
    throw new TypeError('it cannot be written as JSON, so nothing can be redacted in it');
  return fields;
}
