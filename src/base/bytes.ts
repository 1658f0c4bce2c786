// A DataView over the same bytes as a Uint8Array.
// Reading numbers through a Buffer's own methods takes three times as long.

/** The same bytes, for whoever reads numbers in them: a Buffer's own readers take three times as long. */
export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);
