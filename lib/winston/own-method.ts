/**
 * Gives an object a method of its own, which hides the one it has or inherits.
 *
 * @returns a function that undoes it, unless other code has replaced the method since
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
    // Other code has wrapped ours: to remove ours would remove theirs too.
    if (owner[name] !== value) return;
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, own);
  };
}
