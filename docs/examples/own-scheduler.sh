#!/bin/bash
# A scheduler of one's own: gives each waiting pod that asks for it (schedulerName: my-scheduler) the ready node with the
# fewest pods. It is a loop like any other: look, decide, write. Needs nothing but kubectl.
#
#   bash own-scheduler.sh            in one terminal; in another:
#   kubectl run mine --image=nginx:1.22 --overrides='{"spec":{"schedulerName":"my-scheduler"}}'
set -eu
NAME=${1:-my-scheduler}

# A cordoned node says "Ready,SchedulingDisabled".
ready_nodes() { kubectl get nodes --no-headers | awk '$2 == "Ready" { print $1 }'; }

pods_on() { kubectl get pods -A --field-selector "spec.nodeName=$1" -o name | wc -l; }

emptiest_node() {
  for node in $(ready_nodes); do echo "$(pods_on "$node") $node"; done | sort -n | awk 'NR == 1 { print $2 }'
}

bind() { # namespace, pod, node
  kubectl create --raw "/api/v1/namespaces/$1/pods/$2/binding" -f - >/dev/null <<EOF
{"apiVersion":"v1","kind":"Binding","metadata":{"namespace":"$1","name":"$2"},"target":{"apiVersion":"v1","kind":"Node","name":"$3"}}
EOF
}

# --watch tells first what is there and then what changes; a pod that has a node by now is refused, which does no harm.
kubectl get pods -A --watch --field-selector "spec.schedulerName=$NAME,spec.nodeName=" \
  -o jsonpath='{.metadata.namespace}{" "}{.metadata.name}{" "}{.spec.nodeName}{"\n"}' |
  while read -r namespace pod assigned; do
    [ -z "$assigned" ] || continue
    node=$(emptiest_node)
    bind "$namespace" "$pod" "$node" && echo "$namespace/$pod goes to $node"
  done
