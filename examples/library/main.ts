// Which program listens where, who started it, and where its code lies: `node main.js memory.raw`.
import { EvidenceFault, isAbsent, openSession } from 'vestige';
import { sockets } from 'vestige/plugins';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node main.js SNAPSHOT');

// TypeScript makes of `using` what Node 20 understands: the snapshot is closed at the end of the block.
{
  using session = openSession(path);
  const { rows, notes } = await session.ask(sockets, { columns: ['pid', 'state', 'protocol', 'localPort'] });
  const seen = new Set<string>();
  for (const { pid, state, protocol, localPort } of rows) {
    if (state !== 'LISTEN' || isAbsent(pid) || pid === null || typeof localPort !== 'number') continue;
    const line = `${protocol} ${localPort} ${described(Number(pid))}`;
    if (!seen.has(line)) console.log(line);
    seen.add(line);
  }
  for (const note of notes) console.error(note);

  /** A process in words; what memory does not hold is said. */
  function described(pid: number): string {
    const { name, raw } = session.process(pid);
    try {
      const { start_code: start, end_code: end } = raw.mm;
      return `${name}(${pid}) of ${raw.real_parent.comm}, code of ${end - start} bytes`;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return `${name}(${pid}), ${fault.code}`;
    }
  }
}
