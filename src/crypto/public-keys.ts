// AES keys that everybody knows: constants of standards and self-tests.
// A schedule of one of them protects nothing, so it is no key in use.

/** The key of the derivation function of every CTR-DRBG: 00 01 02 … (NIST SP 800-90A, 10.3.2), also FIPS-197's appendix C. */
const counting = (bytes: number): string =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => i)).toString('hex');

/** The keys of FIPS-197's appendix A, which NIST SP 800-38A's examples have too: self-tests of libraries expand them. */
const EXAMPLES = [
  '2b7e151628aed2a6abf7158809cf4f3c',
  '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
  '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
];

const PUBLIC: ReadonlySet<string> = new Set([
  ...EXAMPLES,
  ...[16, 24, 32].flatMap((bytes) => [counting(bytes), '00'.repeat(bytes), 'ff'.repeat(bytes)]),
]);

/** Whether `key` (16, 24 or 32 bytes) is a constant of a standard, or bytes that are all 00 or all ff. */
export const isPublicKey = (key: Uint8Array): boolean => PUBLIC.has(Buffer.from(key).toString('hex'));

/** Whether `key` is the constant that a CTR-DRBG derives seeds with (NIST SP 800-90A, 10.3.2). */
export const isDerivationKey = (key: Uint8Array): boolean => key.every((byte, i) => byte === i);
