// Packets between pods, nodes and the world outside, by Services in each of kube-proxy's modes, on two machines with addresses
// of both families. One cluster for all; the tests of each subject are in the folder packets/. The machines go from one mode
// to the other by their configuration file.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { haproxyInFront } from './packets/haproxy.ts'
import { OBJECTS } from './packets/objects.ts'
import { podNetworks } from './packets/pod-networks.ts'
import { PacketSeat } from './packets/seat.ts'
import { servicesByMode } from './packets/services-by-mode.ts'
import { twoFamilies } from './packets/two-families.ts'
import { servicesByProgram } from './packets/userspace.ts'
import { ownCluster } from './support/own-cluster.ts'
import { pod } from './support/packet-pods.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-packets'
const cluster = ownCluster(CLUSTER, '--nodes', '2', '--ip-family', 'dual')
const seat = new PacketSeat()
const { run, ask, onMachine, nodeOf, ip, six, change, takeMode, trace } = seat

beforeAll(async () => {
  await seat.open(CLUSTER, cluster.kubeconfig, OBJECTS)
})
afterAll(async () => {
  seat[Symbol.dispose]()
})

it('no packet between pods and nodes has another address put on it', async () => {
  const [same, across] = await ask(`tcp ${ip('a')} 8080`, `tcp ${ip('b')} 8080`)
  expect([same, across]).toEqual([`a ${ip('client')}`, `b ${ip('client')}`])
  expect(await onMachine('node-1', `curl -s ${ip('b')}:8080`)).toBe(`b ${nodeOf('node-1')}`)
})

it('tells pods of Services by variables unless they want none, and of both addresses of their node', async () => {
  const linked = (name: string, spec: object) => pod(name, { node: 'node-1', program: 'wait', spec })
  const items = [linked('linked', {}), linked('unlinked', { enableServiceLinks: false })]
  await run('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  await run('wait pod linked unlinked --for=condition=Ready --timeout=60s')
  const clusterIP = await run('get service web -o jsonpath={.spec.clusterIP}')
  const [told, untold] = await Promise.all([run('exec linked -- env'), run('exec unlinked -- env')])
  expect(told).toContain(`\nWEB_SERVICE_HOST=${clusterIP}\n`)
  expect(told).toContain(`\nWEB_PORT_80_TCP=tcp://${clusterIP}:80\n`)
  expect(untold).not.toContain('WEB_')
  expect(untold).toContain('\nKUBERNETES_SERVICE_HOST=10.96.0.1\n')
  const addresses = await run('get node node-1 -o jsonpath={.status.addresses[?(@.type=="InternalIP")].address}')
  expect(await run('get pod linked -o jsonpath={.status.hostIPs[*].ip}')).toBe(addresses)
  expect(addresses).toMatch(/^10\.\S+ fd00\S+$/)
  await run('delete pod linked unlinked --wait=false')
})

twoFamilies(seat)
servicesByMode(seat)

it('counts in kube-proxy’s metrics the rules that the kernel has', async () => {
  await takeMode('iptables')
  await until('they agree', async () => {
    const [rules = '', metrics = ''] = (
      await onMachine('node-1', "iptables-save -t nat | grep -c '^-A KUBE-'; curl -s localhost:10249/metrics")
    ).split(/\n(.*)/s)
    return metrics.includes(`\nkubeproxy_sync_proxy_rules_iptables_total{ip_family="IPv4",table="nat"} ${rules}\n`)
  })
})

haproxyInFront(seat)
servicesByProgram(seat)

it('goes from machine to machine in an overlay where that is chosen, with no address changed', async () => {
  const choose = `sed -i 's/"podNetwork": "routes"/"podNetwork": "vxlan"/' /etc/podium/node.json`
  const bothFamilies = /10\.244\.\d+\.0\/24 via 10\.244\.\d+\.0 dev vxlan\.1 onlink.*fd00:\S+\/64 via \S+ dev vxlan\.1/s
  await change(choose, 'ip route; ip -6 route', bothFamilies)
  expect(await ask(`tcp ${ip('b')} 8080`)).toEqual([`b ${ip('client')}`])
  expect(await onMachine('node-1', `curl -s ${ip('b')}:8080`)).toMatch(/^b 10\.244\.\d+\.0$/)
  expect(await ask(`tcp ${six('b')} 8080`)).toEqual([`b ${six('client')}`])
  expect(await onMachine('node-1', `curl -gs http://[${six('b')}]:8080`)).toMatch(/^b fd00:10:244:\S*:$/)
  // Plug-ins were asked, when the node agents started anew, whether pods are as they were made.
  expect(await onMachine('node-2', 'cat /var/log/podium/node-agent.log')).not.toContain('of a pod has changed')
  const traced = await trace({
    from: { pod: { namespace: 'default', name: 'client' } },
    to: 'pod/b:8080',
    protocol: 'tcp',
  })
  expect(traced, JSON.stringify(traced)).toMatchObject({ verdict: { state: 'ok' } })
  expect(JSON.stringify(traced)).toMatch(/it comes by `vxlan\.1` from `10\.244\.[^`]*`, wrapped on the way/)
  const wrapped = await onMachine('node-2', 'cat /sys/class/net/vxlan.1/statistics/rx_packets')
  expect(Number(wrapped)).toBeGreaterThan(5)
})

podNetworks(seat)
