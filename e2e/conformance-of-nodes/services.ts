// Services that become others, names, ports of machines, and slices made by hand: who answers.

import type { Service } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { ASK, pod as packetPod } from '../support/packet-pods.ts'
import { until } from '../support/until.ts'
import { forever, pod, type Seat, shell } from './seat.ts'

const SERVICES = '/api/v1/namespaces/default/services'
const serving = (name: string, node: string) => packetPod(name, { node, labels: { app: 'serves' } })
const hosted = (name: string, hostPort: object) => {
  const made = packetPod(name, { node: 'node-1' })
  const ports = [{ containerPort: 8080, hostPort: 54323, ...hostPort }]
  return { ...made, spec: { ...made.spec, containers: made.spec.containers.map((one) => ({ ...one, ports })) } }
}
const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'serves' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
})
const DNS = { selector: { 'dns-test': 'true' }, ports: [{ name: 'http', port: 80 }] }

export const servicePods: readonly object[] = [
  packetPod('client', { node: 'node-1', program: 'wait' }),
  serving('a', 'node-1'),
  serving('b', 'node-2'),
  hosted('on-loopback', { hostIP: '127.0.0.1' }),
  hosted('over-udp', { protocol: 'UDP' }),
  pod(
    'dns-querier',
    {
      hostname: 'dns-querier-1',
      subdomain: 'dns-test-service',
      containers: [{ ...shell(forever), image: 'podium/tools' }],
    },
    { labels: { 'dns-test': 'true' } },
  ),
  service('affine', { type: 'NodePort', sessionAffinity: 'ClientIP' }),
  service('changes', { type: 'ExternalName', externalName: 'foo.example.com', ports: [] }),
  service('twice', {
    ports: [
      { name: 'tcp', port: 80, targetPort: 8080 },
      { name: 'udp', port: 80, targetPort: 8080, protocol: 'UDP' },
    ],
  }),
  service('dns-test-service', { ...DNS, clusterIP: 'None' }),
  service('test-service-2', DNS),
]

export function servicesLead(seat: () => Seat): void {
  const ask = async (...questions: string[]) =>
    (await seat().says(ASK, questions.map((question) => `${question}\n`).join(''))).trimEnd().split('\n')
  const patch = (name: string, spec: object) => seat().patch(`${SERVICES}/${name}`, { spec }) as Promise<Service>
  const get = async (name: string) => JSON.parse((await seat().api.ask('GET', `${SERVICES}/${name}`)).text) as Service
  const nodeAddress = async (node: string) =>
    seat().says(`get node ${node} -o jsonpath={.status.addresses[?(@.type=="InternalIP")].address}`)

  it('Services should have session affinity work, and switch it, for their address and their node port', async () => {
    await Promise.all(['client', 'a', 'b'].map((name) => seat().ready(name)))
    const nodePort = (await get('affine')).spec?.ports?.[0]?.nodePort
    const ways = ['tcp affine 80', `tcp ${await nodeAddress('node-2')} ${nodePort}`]
    const answering = async () =>
      Promise.all(ways.map(async (way) => new Set((await ask(...Array(12).fill(way))).map(([name]) => name)).size))
    await until('each way has one', async () => String(await answering()) === '1,1')
    await patch('affine', { sessionAffinity: 'None' })
    await until('each way has both', async () => String(await answering()) === '2,2')
    await patch('affine', { sessionAffinity: 'ClientIP' })
    await until('each way has one again', async () => String(await answering()) === '1,1')
  })

  it('Services should be able to change the type from ExternalName to ClusterIP and NodePort, and back', async () => {
    const { ready, exec } = seat()
    await ready('dns-querier')
    const dig = async (type: string) =>
      (await exec('dns-querier', `dig +short changes.default.svc.cluster.local ${type}`)).trim()
    const resolves = (to: string, type = 'CNAME') => until(`the name is ${to}`, async () => (await dig(type)) === to)
    const answers = (way: string) => until(`${way} answers`, async () => /^[ab] /.test((await ask(way))[0] ?? ''))
    await resolves('foo.example.com.')
    await patch('changes', { externalName: 'bar.example.com' })
    await resolves('bar.example.com.')
    const ports = [{ name: 'http', port: 80, targetPort: 8080 }]
    const made = await patch('changes', { type: 'ClusterIP', externalName: null, ports })
    await resolves(made.spec?.clusterIP ?? '', 'A')
    await answers('tcp changes 80')
    const opened = await patch('changes', { type: 'NodePort' })
    for (const node of ['node-1', 'node-2'])
      await answers(`tcp ${await nodeAddress(node)} ${opened.spec?.ports?.[0]?.nodePort}`)
    const target = 'test-service-2.default.svc.cluster.local'
    const closed = await patch('changes', {
      type: 'ExternalName',
      externalName: target,
      clusterIP: null,
      clusterIPs: null,
    })
    expect(closed.spec?.clusterIP).toBeUndefined()
    await resolves(`${target}.`)
    expect(await dig('A')).toBe(`${target}.\n${(await get('test-service-2')).spec?.clusterIP}`)
  })

  it('Services should serve endpoints on same port and different protocols', async () => {
    const heard = async () => (await ask('tcp twice 80 2', 'udp twice 80 2')).map((answer) => /^[ab] /.test(answer))
    const becomes = (tcp: boolean, udp: boolean) =>
      until(`TCP ${tcp}, UDP ${udp}`, async () => String(await heard()) === String([tcp, udp]))
    await becomes(true, true)
    const port = (name: string) => ({ name, port: 80, targetPort: 8080, protocol: name.toUpperCase() })
    const only = async (name: string) => {
      const { code, text } = await seat().api.ask(
        'PATCH',
        `${SERVICES}/twice`,
        { spec: { ports: [port(name)] } },
        'application/merge-patch+json',
      )
      expect(code, text).toBe(200)
    }
    await only('tcp')
    await becomes(true, false)
    await only('udp')
    await becomes(false, true)
  })

  it('DNS should provide names for the cluster, Services and Pods, whole and in part, and entries of /etc/hosts', async () => {
    const names = [
      'kubernetes.default',
      'dns-test-service',
      'dns-test-service.default',
      'dns-test-service.default.svc',
      'dns-test-service.default.svc.cluster.local',
      'dns-querier-1.dns-test-service.default.svc.cluster.local',
    ]
    const ports = ['dns-test-service', 'test-service-2'].flatMap((name) =>
      ['', '.cluster.local'].map((rest) => `_http._tcp.${name}.default.svc${rest}`),
    )
    const lookups = [
      ...names.map((name) => `${name} A`),
      ...ports.map((name) => `${name} SRV`),
      `-x ${(await get('test-service-2')).spec?.clusterIP}`,
    ]
    const script = `for l in ${lookups.map((one) => `"${one}"`).join(' ')}; do for t in +tcp +notcp; do dig $t +noall +answer +search $l | grep -q . && echo ok || echo "$t $l"; done; done; for h in dns-querier-1 dns-querier-1.dns-test-service.default.svc.cluster.local; do getent hosts $h | grep -q . && echo ok || echo $h; done`
    const wanted = 'ok\n'.repeat(lookups.length * 2 + 2)
    let last = ''
    await until('all are answered', async () => {
      last = await seat().exec('dns-querier', script)
      return last === wanted
    }).catch((err: unknown) => {
      throw new Error(`${String(err)}\n${last.replaceAll('ok\n', '')}`)
    })
  })

  it('HostPort: no conflict between pods with same hostPort but different hostIP and protocol', async () => {
    const node = await nodeAddress('node-1')
    await seat().apply(hosted('on-address', { hostIP: node }))
    await Promise.all(['on-loopback', 'on-address', 'over-udp'].map((name) => seat().ready(name)))
    const caller = pod('at-machine', {
      nodeName: 'node-1',
      hostNetwork: true,
      containers: [{ ...shell(forever), image: 'python' }],
    })
    await seat().apply(caller)
    await seat().ready('at-machine')
    // As upstream: from the address of the machine, to its loopback as well.
    const program = `
import socket
def ask(kind, host):
  s = socket.socket(socket.AF_INET, kind); s.settimeout(30); s.bind(("${node}", 0)); s.connect((host, 54323))
  s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
  data = b""
  while True:
    part = s.recv(4096); data += part
    if kind == socket.SOCK_DGRAM or not part: break
  return data.decode().split("\\r\\n\\r\\n")[-1].split()[0]
print(ask(socket.SOCK_STREAM, "127.0.0.1"), ask(socket.SOCK_STREAM, "${node}"), ask(socket.SOCK_DGRAM, "${node}"))`
    expect(await seat().says('exec -i at-machine -- python3 -', program)).toBe('on-loopback on-address over-udp\n')
  })
}
