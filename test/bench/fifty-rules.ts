/** Ten rules as policies have them; `#` makes each copy another: another pattern, another number. */
const RULES = [
  [
    'maps',
    'row.flags.contains("x") && row.path.endsWith(" (deleted #)")',
    '{process.name} ({row.pid}): {row.path}',
  ],
  ['maps', 'row.flags.contains("w") && row.flags.contains("x") && row.inode == #', '{row.pid}: {row.start}'],
  [
    'sockets',
    'row.fd == # && row.process.matches("^(ba|da|z#)?sh$")',
    '{row.process} talks to {row.remoteAddress}',
  ],
  [
    'sockets',
    'row.state == "LISTEN" && !(row.localPort in sets.ports + [#])',
    '{row.process} on {row.localPort}',
  ],
  ['pslist', '!row.kernel && row.args.matches("^\\\\[.*#\\\\]$")', '{row.name} ({row.pid})'],
  ['pslist', 'its.files.exists(f, f.path.startsWith("/dev/shm/#"))', '{row.name} ({row.pid})'],
  ['env', 'row.name == "LD_PRELOAD" && row.value.contains("#")', '{process.name}: {row.name}'],
  ['modules', 'row.taints.matches("[EO]") && row.size > #', '{row.name}: {row.taints}'],
  [
    'files',
    'row.path.matches("^/(tmp|dev/shm|var/tmp)/#") && row.type == "REG"',
    '{process.name}: {row.path}',
  ],
  ['pslist', 'row.name == "auditd#" || row.uid == # && row.name.startsWith("a")', '{row.name} of {row.uid}'],
] as const;

/** A policy of fifty rules over six questions. */
export const fiftyRules = (): string =>
  [
    'version: 1',
    'name: fifty',
    'sets:',
    '  ports: [22, 80, 443, 8080]',
    'rules:',
    ...Array.from({ length: 50 }, (_, index) => {
      const [plugin, where, message] = RULES[index % RULES.length]!;
      return [
        `  - id: rule-${index}`,
        `    title: Something that should not be there, in its variety ${index}`,
        '    severity: high',
        `    plugin: ${plugin}`,
        `    where: '${where.replaceAll('#', String(index))}'`,
        `    message: "${message}"`,
        '    attack: [T1059.004]',
      ].join('\n');
    }),
  ].join('\n');
