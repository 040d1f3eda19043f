/**
 * The program of the shipping thread: JavaScript, packed by Brotli and written in base64. Only in what is built:
 * `.ci/build.js` puts another module in the place of this one, and so do the specs.
 */
export function packedProgram(): string | undefined {
  return undefined;
}
