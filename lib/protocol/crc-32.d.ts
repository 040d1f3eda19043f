// crc-32 has types for its other module only.
declare module 'crc-32/crc32c.js' {
  const crc32c: {
    /** @returns a signed number of 32 bits */
    buf(bytes: Uint8Array): number;
  };
  export = crc32c;
}
