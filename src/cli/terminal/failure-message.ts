// What is told of a snapshot that could not be read, through a channel: a line for the system's log, a JSON document for
// programs. That nobody has looked at a machine is as much worth knowing as what somebody saw in it.
import { createHash } from 'node:crypto';
import { version } from '../../files/version.ts';
import { escapeText } from '../../report/escape.ts';
import { JSON_SCHEMA, jsonText } from '../../report/json.ts';
import type { Message } from '../../watch/channel.ts';
import type { Failure } from '../../watch/event.ts';

/** A line of the system's log. */
const MOST_LOG_CHARACTERS = 2_000;

/** The message about a failure. Its ID is the same in each scan that fails in the same way at the same file. */
export function failureMessageOf({ path, why, isFinal, of }: Failure, channel: string): Message {
  const id = createHash('sha256')
    .update(JSON.stringify([channel, 'failed', ...of]))
    .digest('hex')
    .slice(0, 32);
  if (channel === 'syslog') {
    const end = isFinal ? '; it is not tried again' : '';
    const text = escapeText(`could not be read: ${path}: ${why}${end}`).slice(0, MOST_LOG_CHARACTERS);
    return { id, body: `${text} [id ${id}]` };
  }
  const head = { vestige: version(), schema: JSON_SCHEMA, id };
  return { id, body: jsonText({ ...head, event: 'failed', snapshot: path, why, isFinal }) };
}
