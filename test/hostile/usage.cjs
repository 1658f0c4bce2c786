// Loaded before the program: at its end, appends what the process took to a file, a line of JSON for each process.
const { appendFileSync, readFileSync } = require('node:fs');

/** Since the program began: what Node tells counts the process that started this one too. */
const peakKiB = () => Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);

process.on('exit', () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const line = { cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMiB: peakKiB() / 1024 };
  appendFileSync(process.env.VESTIGE_TEST_USAGE, `${JSON.stringify(line)}\n`);
});
