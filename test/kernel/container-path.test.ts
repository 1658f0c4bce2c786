// Containers by the names of their control groups: what each engine calls them, and what only looks like one.
import { describe, expect, it } from 'vitest';
import { containerOf } from '../../src/kernel/linux/cgroup/container-path.ts';

const ID = '0123456789abcdef'.repeat(4);
const POD = '3b9c6f2e-8d14-4f7a-9c05-1e2d3c4b5a69';
const UNIT_POD = POD.replaceAll('-', '_');

describe('the container that a control group is of', () => {
  it.each([
    [`/system.slice/docker-${ID}.scope`, 'docker', ID, null],
    [`/docker/${ID}`, 'docker', ID, null],
    [`/docker/${ID}/init.scope`, 'docker', ID, null],
    [`/machine.slice/libpod-${ID}.scope/container`, 'podman', ID, null],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`, 'podman', ID, null],
    [`/libpod_parent/libpod-${ID}`, 'podman', ID, null],
    ['/machine.slice/systemd-nspawn@web\\x2d1.service/payload', 'systemd-nspawn', 'web-1', null],
    ['/machine.slice/machine-web.scope', 'systemd-nspawn', 'web', null],
    [
      '/machine.slice/machine-qemu\\x2d7\\x2dbuilder.scope/libvirt/emulator',
      'libvirt',
      'qemu-7-builder',
      null,
    ],
    ['/lxc.payload.mail/system.slice/cron.service', 'lxc', 'mail', null],
    ['/lxc/mail', 'lxc', 'mail', null],
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UNIT_POD}.slice/cri-containerd-${ID}.scope`,
      ...(['containerd', ID, POD] as const),
    ],
    [`/kubepods.slice/kubepods-pod${UNIT_POD}.slice/crio-${ID}.scope`, 'cri-o', ID, POD],
    [`/kubepods/besteffort/pod${POD}/${ID}`, null, ID, POD],
    [`/kubepods/pod${POD}/crio-${ID}`, 'cri-o', ID, POD],
    // A container in a container is the inner one.
    [`/docker/${ID}/docker/${'f'.repeat(64)}`, 'docker', 'f'.repeat(64), null],
  ])('%s', (path, runtime, id, pod) => {
    expect(containerOf(path)).toEqual({ runtime, id, pod });
  });

  it.each([
    '/',
    '/init.scope',
    '/user.slice/user-1000.slice/session-3.scope',
    '/system.slice/docker.service',
    '/system.slice/containerd.service',
    // Helpers beside a container, and a name that is no ID.
    `/machine.slice/libpod-conmon-${ID}.scope`,
    `/system.slice/crio-conmon-${ID}.scope`,
    '/system.slice/docker-volume-plugin.service',
    `/docker/${ID.slice(1)}`,
    `/${ID}`,
    `/kubepods/besteffort/pod${POD}`,
  ])('is none: %s', (path) => {
    expect(containerOf(path)).toBeNull();
  });
});
