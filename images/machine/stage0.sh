#!/bin/bash
# First stage of a worker machine, the only one with rights in the host's user namespace: it makes the machine's user
# namespace, hands over network, cgroups and disk, and execs into it. Never run a learner's command here (see enter.sh).
set -e
export BASE=${UID_BASE:?}
LIB=/usr/lib/podium
CG=/sys/fs/cgroup
mount -o remount,rw /sys; mount -o remount,rw,bind /sys      # superblock AND mount
# The machine gets a group of its own, "node", below the container's; the limits are above both.
if [ -e $CG/cgroup.controllers ]; then
  mount -o remount,rw,bind $CG
  mkdir $CG/host $CG/node $CG/node/system
  # Version 2 hands controllers down only from a group without processes: docker-init and we move aside, for good.
  echo $$ > $CG/host/cgroup.procs
  for p in $(< $CG/cgroup.procs); do echo "$p" > $CG/host/cgroup.procs; done
  for c in $(< $CG/cgroup.controllers); do echo "+$c" > $CG/cgroup.subtree_control; done
  for g in $CG/node $CG/node/system; do
    chown "$BASE:$BASE" $g $g/cgroup.procs $g/cgroup.threads $g/cgroup.subtree_control
  done
  NODES=$CG/node
else
  NODES=
  for m in $(grep ' cgroup ' /proc/mounts | cut -d' ' -f2); do
    mount -o remount,rw,bind "$m"; mkdir -p "$m/node"
    case "$m" in *cpuset*)
      cat "$m/cpuset.cpus" > "$m/node/cpuset.cpus"; cat "$m/cpuset.mems" > "$m/node/cpuset.mems"
      # Groups below begin with the same, and not with none: crun, unlike runc, fills in its own only.
      echo 1 > "$m/node/cgroup.clone_children" ;;
    esac
    chown "$BASE:$BASE" "$m/node" "$m/node/tasks" "$m/node/cgroup.procs"
    NODES="$NODES $m/node"
  done
fi
# A holder process owns the new user and network namespaces until the machine has joined them.
unshare -U -n sleep infinity & H=$!
until [ "$(readlink /proc/$H/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep .003; done
echo "0 $BASE 65536" > /proc/$H/uid_map; echo "0 $BASE 65536" > /proc/$H/gid_map
A=$(ip -4 -o addr show eth0 | awk '{print $4}'); G=$(ip -4 route | awk '/^default/{print $3}')
ip link set eth0 netns $H
nsenter -t $H -n sh -c "ip link set lo up; ip link set eth0 up; ip addr add $A dev eth0; ip route add default via ${G:-$GATEWAY}"
for n in $NODES; do echo $$ > "$n/cgroup.procs"; done
for d in /data /shared; do perl $LIB/idmap.pl $d $d $H; done
# The cgroup namespace is made while this process is in "node", which so becomes the machine's root. In version 2 it must
# not stay there (see above), and neither must unshare, which waits outside: on to the group of the machine's own services.
exec nsenter -t $H -U -n -S 0 -G 0 unshare -C sh -c \
  "[ ! -d $CG/node/system ] || echo \$\$ > $CG/node/system/cgroup.procs
   exec unshare -m -p -f -i -u --kill-child --propagation private $LIB/stage1.sh"
