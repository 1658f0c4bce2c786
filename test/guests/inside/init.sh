#!/bin/bash
# The guest's first process: mounts, network, then the workload and the recorder. Nothing of it is a service
# manager; processes that the recorder should see are started by the workload.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
fail() { echo "GUEST-FAILED: $*" >/dev/console; sleep 2; exec /bin/busybox poweroff -f; }

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=0,mode=620 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -o remount,rw / || fail 'no writable root'
echo vestige-guest >/proc/sys/kernel/hostname
echo 0 >/proc/sys/kernel/kptr_restrict
echo 0 >/proc/sys/kernel/printk_ratelimit
echo on >/proc/sys/kernel/printk_devkmsg

for module in virtio_net virtio_rng qemu_fw_cfg veth dummy br_netfilter tun loop dm_crypt aesni_intel aes_ce_blk xts \
  algif_skcipher overlay inet_diag tcp_diag udp_diag raw_diag unix_diag netlink_diag af_packet_diag; do
  modprobe -q "$module"
done

ip link set lo up
ip link set eth0 up 2>/dev/null && ip addr add 10.0.2.15/24 dev eth0
ip link add dummy0 type dummy 2>/dev/null; ip link set dummy0 up && ip addr add 198.51.100.1/24 dev dummy0
ip -6 addr add 2001:db8:1::1/64 dev dummy0 nodad
ip link add br0 type bridge && ip link set br0 up
echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range

# Memory that is added while the guest runs has to be there before anything is put into it.
blocks() {
  local count=0 state
  for state in /sys/devices/system/memory/memory*/state; do
    [[ $(<"$state") == online ]] && count=$((count + 1))
  done
  echo $count
}
if [[ $(</proc/cmdline) == *vestige.added=* ]]; then
  before=$(blocks)
  echo GUEST-WAITS >/dev/console
  tries=0
  until [ "$(blocks)" -gt "$before" ]; do
    sleep 0.2
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fail 'no memory was added'
  done
fi

python3 /guest/workload.py >/dev/console 2>&1 </dev/null &
tries=0
until [ -e /run/workload.json ]; do
  sleep 0.2
  tries=$((tries + 1))
  [ $tries -lt 2000 ] || fail 'the workload did not finish'
  kill -0 $! 2>/dev/null || fail 'the workload ended'
done
python3 /guest/record.py >/dev/console 2>&1 </dev/null || fail 'the recorder ended'
fail 'the recorder returned'
