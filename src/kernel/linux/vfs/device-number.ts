// Numbers of devices, as files of /proc print them.
// Linux: include/linux/kdev_t.h.

/** A device as /proc/PID/maps prints it: major and minor in hex. */
export function deviceText(device: number): string {
  const [major, minor] = [device >>> 20, device & 0xf_ffff];
  return `${major.toString(16).padStart(2, '0')}:${minor.toString(16).padStart(2, '0')}`;
}
