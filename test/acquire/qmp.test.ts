import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Acquired, type AcquireOptions, acquire } from '../../src/acquire/acquire.ts';
import { FakeQmp, Refusal, SILENCE } from '../support/fake-qmp.ts';

let folder: string;
let qemu: FakeQmp;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-acquire-'));
  qemu = await FakeQmp.listen(mkdtempSync(join(folder, '.socket-')));
});
afterEach(() => {
  qemu.close();
  rmSync(folder, { recursive: true, force: true });
});

const taking = (options: Partial<AcquireOptions> = {}): Promise<Acquired> =>
  acquire({ source: { qmp: qemu.address }, folder, ...options });

/** What the folder holds beside the socket, hidden files too. */
const left = (): string[] => readdirSync(folder).filter((name) => !name.startsWith('.socket-'));

/** Fails, leaves nothing behind, and says why. */
async function refused(options: Partial<AcquireOptions> = {}): Promise<string> {
  const message = await taking(options).then(
    () => 'nothing went wrong',
    (error: Error) => error.message,
  );
  expect(left()).toEqual([]);
  return message.replace(qemu.address, 'SOCKET');
}

describe('a snapshot over QMP', () => {
  it('is taken while the guest is paused, and has its name when it is whole', async () => {
    let during: string[] = [];
    let mode = 0;
    qemu.answers['query-dump'] = () => {
      delete qemu.answers['query-dump'];
      during = left();
      mode = statSync(join(folder, during[0]!)).mode & 0o777;
      return { status: 'active', completed: 0, total: 2 };
    };
    const progress = vi.fn();
    const { path, seconds, takenAt, ...rest } = await taking({ progress });
    expect(rest).toEqual({ bytes: 6, format: 'kdump', machine: 'web', paused: true });
    expect(path).toMatch(/\/web-\d{8}T\d{6}Z\.kdump$/);
    expect(path.slice(-22, -6)).toBe(takenAt.toISOString().replace(/\.\d+|[-:]/g, ''));
    expect(seconds).toBeGreaterThan(0);
    expect({ during, mode }).toEqual({ during: [`.${left()[0]}.part`], mode: 0o600 });
    expect(left().map((name) => join(folder, name))).toEqual([path]);
    expect(readFileSync(path, 'utf8')).toBe('memory');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(qemu.done).toEqual(['stop', 'dump-guest-memory', 'cont']);
    expect(qemu.asked).toMatchObject({ paging: false, detach: true, format: 'kdump-zlib' });
    expect(progress).toHaveBeenCalledWith(1, 2);
    expect(qemu.running).toBe(true);
  });

  it('is taken at host:port too', async () => {
    const { machine } = await taking({ source: { qmp: await qemu.listenAtPort() } });
    expect(machine).toBe('web');
  });

  it('leaves a guest paused that was paused before', async () => {
    qemu.running = false;
    const { paused } = await taking();
    expect({ paused, running: qemu.running, done: qemu.done }).toEqual({
      paused: true,
      running: false,
      done: ['dump-guest-memory'],
    });
  });

  it('says of a live dump that QEMU paused the guest itself', async () => {
    const note = vi.fn();
    const { paused } = await taking({ live: true, note });
    expect({ paused, done: qemu.done, running: qemu.running }).toEqual({
      paused: true,
      done: ['dump-guest-memory'],
      running: true,
    });
    expect(note.mock.calls).toEqual([[expect.stringMatching(/^QEMU itself paused the guest/)]]);
  });

  it('names what was begun here and given up, and deletes nothing', async () => {
    const note = vi.fn();
    const [abandoned, young, other] = [
      '.web-20260101T000000Z.kdump.part',
      '.db-20260101T000000Z.elf.part',
      '.mine.part',
    ].map((name) => join(folder, name));
    for (const path of [abandoned!, young!, other!]) writeFileSync(path, 'half');
    for (const path of [abandoned!, other!]) utimesSync(path, 1, 1);
    await taking({ note });
    expect(note.mock.calls).toEqual([
      [expect.stringContaining(`${abandoned} was begun more than a day ago`)],
    ]);
    expect(left().length).toBe(4);
  });

  it('says of a live raw file that memory moved meanwhile', async () => {
    const note = vi.fn();
    const { paused, path } = await taking({ live: true, format: 'raw', note });
    expect({ paused, done: qemu.done, asked: qemu.asked }).toMatchObject({
      paused: false,
      done: ['pmemsave'],
      asked: { val: 0, size: 1 << 20 },
    });
    expect(path).toMatch(/\.raw$/);
    expect(note.mock.calls).toEqual([[expect.stringMatching(/moved while it was read/)]]);
  });

  it('pauses for a raw file, and says where the memory of another machine begins', async () => {
    qemu.answers['query-target'] = () => ({ arch: 'aarch64' });
    qemu.answers['qom-get'] = () => 'virt-7.2-machine';
    const { base, paused } = await taking({ format: 'raw' });
    expect({ base, paused, done: qemu.done }).toEqual({
      base: 0x4000_0000,
      paused: true,
      done: ['stop', 'pmemsave', 'cont'],
    });
  });

  it.each([
    ['both sides of a hole', { 'query-memory-size-summary': () => ({ 'base-memory': 3 * 2 ** 30 }) }],
    ['both sides of a hole', { 'qom-get': () => 4096 }],
    ['plugged in', { 'query-memory-size-summary': () => ({ 'base-memory': 1, 'plugged-memory': 1 }) }],
    ['does not say how much', { 'query-memory-size-summary': () => ({}) }],
    ['is not known', { 'query-target': () => ({ arch: 's390x' }) }],
  ])('refuses a raw file where memory is in no one piece: %s', async (why, answers) => {
    Object.assign(qemu.answers, answers);
    expect(await refused({ format: 'raw' })).toContain(why);
    expect(qemu.done).toEqual([]);
  });

  it('is elf where there is no kdump, unless kdump was asked for', async () => {
    qemu.answers['query-dump-guest-memory-capability'] = () => ({ formats: ['elf'] });
    expect(await refused({ format: 'kdump' })).toBe(
      'SOCKET: this QEMU writes no kdump (kdump-zlib); choose --format elf',
    );
    expect((await taking()).path).toMatch(/\.elf$/);
    qemu.answers['query-dump-guest-memory-capability'] = () => ({ formats: [] });
    rmSync(join(folder, left()[0]!));
    expect(await refused()).toContain('it writes no dumps of this machine');
  });

  it.each([
    ['web server/1', 'web_server_1'],
    ['../../etc/passwd', '__.._etc_passwd'],
    ['-rf', '_rf'],
    ['.hidden', '_hidden'],
    ['größe', 'größe'],
    ['a\x1b]0;x\x07b', 'a_0_x_b'],
    ['x'.repeat(300), 'x'.repeat(180)],
    ['🦊', '_'],
  ])('is named after the machine, with what is good in a name: %j', async (name, expected) => {
    qemu.answers['query-name'] = () => ({ name });
    const { path, machine } = await taking();
    expect({ start: path.slice(folder.length + 1, -23), machine }).toEqual({
      start: expected,
      machine: name,
    });
  });

  it('is named as asked, or by the UUID, or by the socket', async () => {
    qemu.answers['query-name'] = () => ({});
    expect((await taking({ name: 'mine' })).machine).toBe('mine');
    expect((await taking()).machine).toBe('web');
    qemu.answers['query-uuid'] = () => ({ UUID: '12345678-0000-0000-0000-000000000001' });
    expect((await taking()).machine).toBe('12345678-0000-0000-0000-000000000001');
  });

  it('overwrites nothing', async () => {
    const now = new Date('2026-11-23T23:15:00Z');
    vi.useFakeTimers({ now, toFake: ['Date'] });
    try {
      const path = join(folder, 'web-20261123T231500Z.kdump');
      writeFileSync(path, 'older');
      await expect(taking()).rejects.toThrow(`${path} is there already`);
      rmSync(path);
      qemu.answers['cont'] = () => {
        writeFileSync(path, 'meanwhile');
        return {};
      };
      await expect(taking()).rejects.toThrow(`${path} is there already`);
      expect(readFileSync(path, 'utf8')).toBe('meanwhile');
      expect(left()).toEqual(['web-20261123T231500Z.kdump']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not begun where it could fill the disk, or where there is no folder', async () => {
    qemu.answers['query-memory-size-summary'] = () => ({ 'base-memory': 2 ** 52 });
    expect(await refused()).toMatch(/has room for \d+ MiB, and the snapshot may need 4294967360 MiB/);
    expect(await refused({ folder: join(folder, 'gone') })).toMatch(/ENOENT; the folder must be there/);
    expect(await refused({ folder: qemu.address })).toMatch(/is no folder/);
    expect(qemu.done).toEqual([]);
  });
});

describe('where something goes wrong', () => {
  it('resumes the guest when the dump is refused, and says what to do', async () => {
    qemu.answers['dump-guest-memory'] = () => new Refusal("Could not open '/x': Permission denied");
    expect(await refused()).toBe(
      "SOCKET: QEMU refused to answer dump-guest-memory: GenericError: Could not open '/x': Permission denied; " +
        'the file is written by QEMU: choose a folder that its user may write to',
    );
    expect(qemu.done).toEqual(['stop', 'dump-guest-memory', 'cont']);
  });

  it.each([
    ['There is a dump in process, please wait.', 'another dump of it is being written'],
    ['Dump not allowed during incoming migration.', 'when the migration is over'],
    ["Could not open '/x': No such file or directory", 'sees under the same path'],
  ])('says of %j: %s', async (desc, step) => {
    qemu.answers['dump-guest-memory'] = () => new Refusal(desc);
    expect(await refused()).toContain(step);
    expect(qemu.running).toBe(true);
  });

  it('resumes the guest when the dump fails half-way, and says why', async () => {
    qemu.answers['query-dump'] = () => {
      delete qemu.answers['query-dump'];
      setTimeout(() => qemu.endDump('dump: failed to save memory: No space left on device'), 50);
      return { status: 'active', completed: 1, total: 2 };
    };
    expect(await refused()).toBe(
      'SOCKET: QEMU could not write the memory: dump: failed to save memory: No space left on device; ' +
        'choose a folder with more room',
    );
    expect(qemu.done).toEqual(['stop', 'dump-guest-memory', 'cont']);
  });

  it('resumes the guest over a new connection when the old one is lost', async () => {
    qemu.answers['query-dump'] = (_, client) => {
      delete qemu.answers['query-dump'];
      client.destroy();
      return SILENCE;
    };
    expect(await refused()).toBe('SOCKET: QEMU closed the connection');
    expect(qemu).toMatchObject({ connections: 2, running: true });
    expect(qemu.done).toEqual(['stop', 'dump-guest-memory', 'cont']);
  });

  it('says that the guest is still paused where nobody answers any more', async () => {
    qemu.answers['query-dump'] = () => {
      qemu.close();
      return SILENCE;
    };
    expect(await refused()).toMatch(
      /^SOCKET: QEMU closed the connection; the guest is still paused, for it could not be resumed \(.*\); send it cont$/,
    );
  });

  it('keeps the file where all is written and the guest cannot be resumed', async () => {
    qemu.answers['cont'] = () => new Refusal('Resetting the Virtual Machine is required');
    await expect(taking()).rejects.toThrow(/kdump is whole, but .*the guest is still paused.*is required/);
    expect(left()).toEqual([expect.stringMatching(/^web-.*kdump$/)]);
  });

  it('resumes the guest even where stopping it was not answered', async () => {
    qemu.answers['stop'] = () => {
      qemu.running = false;
      return SILENCE;
    };
    expect(await refused({ timeoutMs: 300 })).toContain('not done after 0.3 s');
    expect(qemu).toMatchObject({ running: true, done: ['stop', 'cont'] });
  });

  it('gives up in time, and resumes the guest when QEMU has ended its dump', async () => {
    let end = false;
    qemu.answers['query-dump'] = () => {
      if (end) delete qemu.answers['query-dump'];
      else setTimeout(() => (end = true), 600);
      return { status: 'active', completed: 1, total: 2 };
    };
    expect(await refused({ timeoutMs: 300 })).toContain('allow it more with --timeout');
    expect(qemu).toMatchObject({ running: true, done: ['stop', 'dump-guest-memory', 'cont'] });
  });

  it('resumes the guest when it is interrupted, and asks nothing of it when it was before', async () => {
    const ending = new AbortController();
    qemu.answers['query-dump'] = () => {
      delete qemu.answers['query-dump'];
      ending.abort();
      return { status: 'active', completed: 1, total: 2 };
    };
    expect(await refused({ signal: ending.signal })).toBe('SOCKET: interrupted, nothing was kept');
    expect(qemu).toMatchObject({ running: true, done: ['stop', 'dump-guest-memory', 'cont'] });
    expect(await refused({ signal: ending.signal })).toBe('SOCKET: interrupted, nothing was kept');
    expect(qemu.done).toHaveLength(3);
  });

  it('notices that QEMU writes elsewhere', async () => {
    qemu.memory = '';
    expect(await refused()).toMatch(/^nothing was written to .*\.part; it must be run where QEMU runs$/);
  });
});

describe('what is no QEMU', () => {
  it.each<[string, unknown, RegExp]>([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n', /what comes from there is no QMP: SSH-2\.0/],
    ['JSON of another kind', '[1,2]\n', /no QMP/],
    ['a line without end', 'x'.repeat(2 << 20), /a line without end/],
    ['an error at once', '{"error":{"class":"E","desc":"no"}}\n', /QEMU refused to .*E: no/],
  ])('is hung up on: %s', async (_, greeting, expected) => {
    qemu.greeting = greeting;
    expect(await refused()).toMatch(expected);
  });

  it('is given up on when it does not greet', async () => {
    qemu.greeting = SILENCE;
    expect(await refused({ timeoutMs: 200 })).toContain('not done after 0.2 s');
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const message = refused({ timeoutMs: 60_000 });
      await vi.advanceTimersByTimeAsync(10_001);
      expect(await message).toBe(
        'SOCKET: QEMU did not greet, for it talks to one client at a time: end the other one, or take --libvirt ' +
          'where that is libvirt (waited 10 s)',
      );
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not spoken to where capabilities are refused', async () => {
    qemu.answers['qmp_capabilities'] = () => new Refusal('no', 'CommandNotFound');
    expect(await refused()).toMatch(/refused to answer qmp_capabilities: CommandNotFound: no/);
  });

  it('resumes a guest even after nonsense in the midst of a dump', async () => {
    qemu.answers['query-dump'] = (_, client) => {
      delete qemu.answers['query-dump'];
      client.write('{"nonsense\n');
      return SILENCE;
    };
    expect(await refused()).toContain('no QMP');
    expect(qemu).toMatchObject({ running: true, connections: 2 });
  });

  it('is heard through events, late answers and lines in pieces', async () => {
    qemu.answers['query-name'] = (_, client) => {
      qemu.tell('NIC_RX_FILTER_CHANGED');
      client.write('{"return": {}, "id": "vestige-999"}\n{"return": {}, "id": 7}\n\n{"event": "POWER');
      setTimeout(() => client.write('DOWN"}\n'), 20);
      setTimeout(() => client.write(`{"return": {"name": "slow"}, "id": "vestige-2"}\n`), 40);
      return SILENCE;
    };
    expect((await taking()).machine).toBe('slow');
  });

  it.each([
    ['query-status', null],
    ['query-memory-size-summary', [1]],
    ['query-name', 'web'],
  ])('may answer %s with %j: that is said', async (command, answer) => {
    qemu.answers[command] = () => answer;
    expect(await refused()).toBe(`SOCKET: QEMU answers ${command} with something that is no object`);
  });

  it('says what to do about a socket that is not there, or is none', async () => {
    const gone = join(folder, '.gone');
    expect(await refused({ source: { qmp: gone } })).toMatch(/there is no such socket; QEMU makes one with/);
    const file = join(folder, '.socket-file');
    writeFileSync(file, '');
    expect(await refused({ source: { qmp: file } })).toMatch(/nobody listens there/);
    expect(existsSync(file)).toBe(true);
  });
});
