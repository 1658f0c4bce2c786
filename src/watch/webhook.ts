// The channel that POSTs messages as JSON to an address.
// Messages can be signed with HMAC-SHA256.
import { createHmac } from 'node:crypto';
import { type Channel, Undelivered } from './channel.ts';

/** How long a receiver may take. */
const TIMEOUT_MS = 10_000;

/** What a signature is made of: whoever checks it refuses old timestamps, so that a message cannot be played again later. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;

/**
 * POSTs messages as JSON to an address. `Vestige-Id` names the message: it is the same where one comes twice.
 * `Vestige-Signature` is the HMAC-SHA256 of `Vestige-Timestamp`, a full stop and the body, where there is a secret.
 */
export const webhook = (
  url: URL,
  secret: string | undefined,
  { timeoutMs = TIMEOUT_MS, now = (): number => Date.now() } = {},
): Channel => ({
  name: 'webhook',
  async deliver({ id, body }) {
    const timestamp = String(Math.floor(now() / 1000));
    const response = await post(url, timeoutMs, body, {
      'content-type': 'application/json',
      'user-agent': 'vestige',
      'vestige-id': id,
      'vestige-timestamp': timestamp,
      ...(secret === undefined ? {} : { 'vestige-signature': signatureOf(secret, timestamp, body) }),
    });
    await response.body?.cancel().catch(() => undefined); // what it says in return is nothing to us
    if (response.ok) return;
    const isPassing = response.status >= 500 || response.status === 408 || response.status === 429;
    throw new Undelivered(`${url.host} answered ${response.status}`, isPassing);
  },
});

async function post(
  url: URL,
  timeoutMs: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  try {
    // A signed message goes to the address that it was meant for, and to no other that this one names.
    return await fetch(url, {
      method: 'POST',
      body,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw new Undelivered(`${url.host} cannot be reached: ${reasonOf(error)}`, true);
  }
}

/** Of an address only the host is told: the rest may hold a token. */
function reasonOf(error: unknown): string {
  const { name, cause, message } = error as Error & { cause?: { code?: unknown; message?: unknown } };
  if (name === 'TimeoutError') return 'no answer in time';
  if (typeof cause?.code === 'string') return cause.code;
  return typeof cause?.message === 'string' ? cause.message : message;
}
