#!/bin/bash
# A CNI plug-in that gives a pod several networks: it does nothing itself but call others, the first for eth0, the next for
# net1, net2, … What the first one answers is the pod's address; the others are the pod's own business. Put it, and a file
# that comes first by name, on each machine (in the picture, the machine's prompt; or kubectl debug node/…):
#
#   install -m 755 several-networks.sh /opt/cni/bin/several-networks
#   /etc/cni/net.d/05-several.conf:
#   { "cniVersion": "0.4.0", "name": "several", "type": "several-networks", "delegates": [
#       { "type": "bridge", "bridge": "cni0", "isGateway": true,
#         "ipam": { "type": "host-local", "subnet": "10.244.1.0/24", "routes": [{ "dst": "0.0.0.0/0" }] } },
#       { "type": "macvlan", "master": "eth0", "ipam": { "type": "static", "addresses": [{ "address": "10.9.0.2/24" }] } } ] }
#
# The annotation k8s.v1.cni.cncf.io/networks is not read: CNI hands no annotations on, and asking the API takes a program of
# another size.
set -euo pipefail
conf=$(cat)
count=$(jq '.delegates | length' <<< "$conf")

# call NUMBER: as the caller calls us, under the network's name with the number, each with an interface of its own.
call() {
  local delegate
  delegate=$(jq -c --argjson n "$1" '
    { cniVersion: .cniVersion, name: "\(.name)-\($n)" } + .delegates[$n]
    + (if $n == 0 and .prevResult then { prevResult: .prevResult } else {} end)' <<< "$conf")
  local interface=$CNI_IFNAME
  [ "$1" = 0 ] || interface=net$1
  CNI_IFNAME=$interface "${CNI_PATH%%:*}/$(jq -r .type <<< "$delegate")" <<< "$delegate"
}

case $CNI_COMMAND in
  VERSION) echo '{ "cniVersion": "1.0.0", "supportedVersions": ["0.3.1", "0.4.0", "1.0.0"] }' ;;
  ADD)
    # One that fails says why itself, and the caller takes down what those before it made.
    first=$(call 0) || { echo "$first"; exit 1; }
    for ((n = 1; n < count; n++)); do said=$(call "$n") || { echo "$said"; exit 1; }; done
    echo "$first" ;;
  DEL) for ((n = count - 1; n >= 0; n--)); do call "$n" || true; done ;;
  CHECK) call 0 ;;
esac
