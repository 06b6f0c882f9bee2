// A cluster whose pods and Services have addresses of IPv6 and no others, on two machines: calls between them, names, the API
// server, and policies, also for what leaves by the machine's own relay.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { service } from './packets/objects.ts'
import { PacketSeat } from './packets/seat.ts'
import { ownCluster } from './support/own-cluster.ts'
import { pod } from './support/packet-pods.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-six'
const cluster = ownCluster(CLUSTER, '--nodes', '2', '--ip-family', 'ipv6')
const seat = new PacketSeat()
const { run, apply, ask, onMachine, nodeSix, ip } = seat

const serving = { labels: { app: 'web' } }
const OBJECTS = [
  pod('client', { node: 'node-1', program: 'wait', labels: { app: 'client' } }),
  pod('a', { node: 'node-1', ...serving }),
  pod('b', { node: 'node-2', ...serving }),
  service('web', {}),
  service('nobody', { selector: { app: 'wbe' } }),
  service('heads', { clusterIP: 'None' }),
  service('open', { type: 'LoadBalancer', ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }),
]

beforeAll(async () => {
  await seat.open(CLUSTER, cluster.kubeconfig, OBJECTS)
})
afterAll(async () => {
  seat[Symbol.dispose]()
})

it('has pods and Services of IPv6 alone', async () => {
  const pods = await run('get pods -o jsonpath={.items[*].status.podIPs[*].ip}')
  for (const address of pods.split(' ')) expect(address).toMatch(/^fd00:10:244:/)
  const services = await run('get services -A -o jsonpath={.items[*].spec.clusterIPs[*]}')
  for (const address of services.split(' ')) expect(address).toMatch(/^(fd00:10:96::|None$)/)
  expect(await run('get service kubernetes -o jsonpath={.spec.clusterIPs}{.spec.ipFamilies}')).toBe(
    '["fd00:10:96::1"]["IPv6"]',
  )
  expect(await onMachine('node-1', 'ip -4 -o address show dev cni0')).toBe('')
})

it('leads from pod to pod, to every endpoint of a Service, and refuses for who has none', async () => {
  const [same, across] = await ask(`tcp ${ip('a')} 8080`, `tcp ${ip('b')} 8080`)
  expect([same, across]).toEqual([`a ${ip('client')}`, `b ${ip('client')}`])
  const heard = await ask(...Array(16).fill('tcp web 80'))
  expect(new Set(heard)).toEqual(new Set([`a ${ip('client')}`, `b ${ip('client')}`]))
  expect(await ask('tcp nobody 80')).toEqual(['ConnectionRefusedError'])
  expect(await onMachine('node-1', `curl -gs http://[${ip('b')}]:8080`)).toBe(`b ${nodeSix('node-1')}`)
})

it('opens node ports and addresses of load balancers', async () => {
  for (const node of ['node-1', 'node-2']) {
    const [answer] = await ask(`tcp ${nodeSix(node)} 30080`)
    expect(answer).toMatch(/^[ab] fd00:/)
  }
  const address = await seat.balancerOf('open')
  expect(address).toMatch(/^fd00:10:160::/)
  expect((await ask(`tcp ${address} 80`))[0]).toMatch(/^[ab] fd00:/)
})

it('answers names by IPv6, over UDP and TCP, forwards and backwards', async () => {
  const web = await run('get service web -o jsonpath={.spec.clusterIP}')
  expect(await run('exec client -- cat /etc/resolv.conf')).toContain('nameserver fd00:10:96::a\n')
  await until('headless ones have all pods', async () => {
    return (await ask('names heads'))[0] === [ip('a'), ip('b')].sort().join(' ')
  })
  expect(await ask('names web', `back ${web}`)).toEqual([web, 'web.default.svc.cluster.local'])
  expect(await overTcp()).toBe('answered')
})

/** A question of which nothing but its beginning is asked: whose address web has. */
const overTcp = async () =>
  (
    await run(
      'exec -i client -- python3 -',
      `
import socket, struct
s = socket.create_connection(('fd00:10:96::a', 53), timeout=10)
name = b''.join(bytes([len(part)]) + part for part in b'web.default.svc.cluster.local'.split(b'.')) + b'\\0'
question = struct.pack('>HHHHHH', 7, 0x100, 1, 0, 0, 0) + name + struct.pack('>HH', 28, 1)
s.sendall(struct.pack('>H', len(question)) + question)
answer = s.recv(2048)[2:]
print('answered' if answer[:2] == b'\\0\\7' and struct.unpack('>H', answer[6:8])[0] == 1 else answer)
`,
    )
  ).trim()

const CALL_API = `
import ssl, urllib.request
where = '/var/run/secrets/kubernetes.io/serviceaccount'
context = ssl.create_default_context(cafile=where + '/ca.crt')
request = urllib.request.Request('https://kubernetes.default.svc/version')
try: print(urllib.request.urlopen(request, context=context, timeout=3).status)
except Exception as err: print(err)
`
const callApi = async () => (await run('exec -i client -- python3 -', CALL_API)).trim()

it('lets pods call the API server by its name and certificate', async () => {
  expect(await callApi()).toBe('200')
  // As pods on the machine's own network do.
  expect(await onMachine('node-1', 'curl -gsk https://[fd00:10:96::1]/version')).toContain('"gitVersion"')
})

it('has requests traced', async () => {
  const traced = await seat.trace({
    from: { pod: { namespace: 'default', name: 'client' } },
    to: 'web',
    protocol: 'tcp',
  })
  expect(traced, JSON.stringify(traced)).toMatchObject({ verdict: { state: 'ok', why: '' } })
})

it('is reached through the API server, by pod and by Service', async () => {
  const through = (what: string) => run(`get --raw /api/v1/namespaces/default/${what}/proxy/`)
  expect(await through('pods/b:8080')).toMatch(/^b fd00:/)
  expect(await through('services/web:80')).toMatch(/^[ab] fd00:/)
})

it('keeps who may go nowhere from pods, and from the API server and names behind the machine’s relay', async () => {
  const policy = (spec: object) =>
    apply({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'stay' }, spec })
  const mine = { podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'] }
  await policy(mine)
  await until('nothing is reached', async () => (await ask(`tcp ${ip('b')} 8080 2`))[0] === 'TimeoutError')
  expect(await ask('tcp fd00:10:96::1 443 2')).toEqual(['TimeoutError'])
  const names = { namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }
  await policy({ ...mine, egress: [{ to: [names] }] })
  const web = await run('get service web -o jsonpath={.spec.clusterIP}')
  await until('names are', async () => (await ask('names web'))[0] === web)
  expect(await ask('tcp fd00:10:96::1 443 2')).toEqual(['TimeoutError'])
  await run('delete networkpolicy stay')
  await until('all is', async () => (await callApi()) === '200')
})

it('is the same in mode nftables', async () => {
  await seat.takeMode('nftables')
  const heard = await ask(...Array(16).fill('tcp web 80'))
  expect(new Set(heard)).toEqual(new Set([`a ${ip('client')}`, `b ${ip('client')}`]))
  expect(await ask('tcp nobody 80')).toEqual(['ConnectionRefusedError'])
  expect(await callApi()).toBe('200')
})

it('opens nothing of the gateway by IPv6 but what machines may call there', async () => {
  const relay = await run('get endpointslice kubernetes -o jsonpath={.endpoints[0].addresses[0]}')
  const [registry, push] = await ask(`tcp ${relay} 443 2`, `tcp ${relay} 5000 2`)
  expect([registry, push]).toEqual(['ConnectionRefusedError', 'ConnectionRefusedError'])
  // The host has no address of IPv6 there: what is sent to it is answered by nobody.
  expect(await onMachine('node-1', 'ip -6 route show default')).toBe('')
})
