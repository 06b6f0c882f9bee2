#!/bin/bash
# Second stage: root only inside the machine's user namespace. Builds the machine's file tree from its own disk, with
# /usr shared read-only from the image (one page cache for all machines), then becomes the supervisor.
set -e
N=/mnt; mount --bind /data/root $N
mount --rbind /usr $N/usr; mount -o remount,ro,bind $N/usr    # --rbind: docker-init and the node agent are mounts below it
mount -t proc proc $N/proc; mount -t sysfs sysfs $N/sys; mount --rbind /dev $N/dev
mount -t tmpfs -o mode=755,size=64m tmpfs $N/run; mount -t tmpfs -o mode=1777,size=256m tmpfs $N/tmp
CG=$N/sys/fs/cgroup
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 $CG
  for c in $(< $CG/cgroup.controllers); do echo "+$c" > $CG/cgroup.subtree_control; done
else
  mount -t tmpfs -o mode=755 tmpfs $CG
  # As the host has them: alone, or several in one hierarchy ("cpu,cpuacct"), which then cannot be mounted apart.
  while IFS=: read -r _ controllers _; do
    case "$controllers" in
      '') continue ;; # version 2 beside version 1: without controllers, of no use here
      name=*) mkdir "$CG/${controllers#name=}"; mount -t cgroup -o "none,$controllers" cgroup "$CG/${controllers#name=}" ;;
      *) mkdir "$CG/$controllers"; mount -t cgroup -o "$controllers" cgroup "$CG/$controllers"
        case "$controllers" in *,*) for c in ${controllers//,/ }; do ln -s "$controllers" "$CG/$c"; done ;; esac ;;
    esac
  done < /proc/self/cgroup
fi
mkdir -p $N/var/lib/docker $N/srv/shared-directory $N/.old; mount --bind /shared $N/srv/shared-directory; mount --bind /data/docker $N/var/lib/docker
hostname "$NODE_NAME"; echo "$NODE_NAME" > $N/etc/hostname
# Every public registry's name leads to the classroom's own: pulls work, or fail clearly, with nothing outside.
{ echo "127.0.0.1 localhost"; echo "$NODE_ADDRESS $NODE_NAME"; [ -z "$REGISTRY_NAMES" ] || echo "$GATEWAY $REGISTRY_NAMES"; } > $N/etc/hosts
echo "nameserver $NODE_DNS" > $N/etc/resolv.conf
# What the machine may use: /proc speaks of the whole host, so the kubelet reads its capacity here.
mkdir -p $N/etc/podium; echo "$MACHINE" > $N/etc/podium/machine.json
cd $N; pivot_root . .old; cd /; umount -l /.old; rmdir /.old
mount --make-rshared /
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.netfilter.nf_conntrack_acct=1
exec env -i PATH=/usr/lib/podium/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 NODE_NAME="$NODE_NAME" NODE_ADDRESS="$NODE_ADDRESS" \
  /usr/bin/perl /usr/lib/podium/supervisor.pl
