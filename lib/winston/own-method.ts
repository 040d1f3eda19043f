/**
 * Gives an object a method of its own, in front of what it has or inherits.
 *
 * @returns what undoes it; where somebody has replaced it since, that stays
 */
export function putOwnMethod<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  value: Owner[Name],
): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  if (!Reflect.defineProperty(owner, name, { value, configurable: true, writable: true }))
    return () => undefined;
  return () => {
    // Taking ours out would take theirs out too.
    if (owner[name] !== value) return;
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, own);
  };
}
