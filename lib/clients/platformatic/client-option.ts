import { hasMethods } from '../../util/check-option.ts';

const NAME = '@platformatic/kafka';

/** What `platformaticClient()` returns: for the option `client` of a transport. */
export interface PlatformaticClient {
  readonly name: '@platformatic/kafka';
  /** Imports the package, when the first client connects. */
  load(): Promise<unknown>;
}

/** Whether it was made by `platformaticClient()`, of whichever module format or copy of this package. */
export function isPlatformaticClient(given: unknown): given is PlatformaticClient {
  return hasMethods(given, 'load') && (given as PlatformaticClient).name === NAME;
}
