#!/bin/bash
# First stage of a worker machine, the only one with rights in the host's user namespace: it makes the machine's user
# namespace, hands over network, cgroups and disk, and execs into it. Never run a learner's command here (see enter.sh).
set -e
export BASE=${UID_BASE:?}
LIB=/usr/lib/podium
mount -o remount,rw /sys; mount -o remount,rw,bind /sys      # superblock AND mount
for m in $(grep ' cgroup ' /proc/mounts | cut -d' ' -f2); do
  mount -o remount,rw,bind "$m"; mkdir -p "$m/node"
  case "$m" in *cpuset*) cat "$m/cpuset.cpus" > "$m/node/cpuset.cpus"; cat "$m/cpuset.mems" > "$m/node/cpuset.mems";; esac
  chown "$BASE:$BASE" "$m/node" "$m/node/tasks" "$m/node/cgroup.procs"
done
# A holder process owns the new user and network namespaces until the machine has joined them.
unshare -U -n sleep infinity & H=$!
until [ "$(readlink /proc/$H/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep .003; done
echo "0 $BASE 65536" > /proc/$H/uid_map; echo "0 $BASE 65536" > /proc/$H/gid_map
A=$(ip -4 -o addr show eth0 | awk '{print $4}'); G=$(ip -4 route | awk '/^default/{print $3}')
ip link set eth0 netns $H
nsenter -t $H -n sh -c "ip link set lo up; ip link set eth0 up; ip addr add $A dev eth0; ip route add default via ${G:-$GATEWAY}"
for m in $(grep ' cgroup ' /proc/mounts | cut -d' ' -f2); do echo $$ > "$m/node/cgroup.procs"; done
perl $LIB/idmap.pl /data /data $H
exec nsenter -t $H -U -n -S 0 -G 0 \
  unshare -m -p -f -i -u -C --kill-child --propagation private $LIB/stage1.sh
