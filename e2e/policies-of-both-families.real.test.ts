// Policies from seeds in a real kernel, with packets of both families: clusters here have IPv4 only, the table has both.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import type { Namespace, Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { type Connection, isAllowed } from '../server/kube/network-policy/testing/documented.ts'
import type { Trial } from '../server/kube/network-policy/testing/kernel.ts'
import { RandomPolicies } from '../server/kube/network-policy/testing/random-policies.ts'
import { openTestDataCentre } from '../server/machines/test-data-centre.ts'

const SEEDS = [11, 12, 13, 14]
const namespaces: Namespace[] = ['default', 'shop'].map((name) => ({
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
}))
const pod = (nth: number, namespace: string, labels: Record<string, string>, web = 80): Pod => {
  const addresses = [`10.244.${nth}.2`, `fd00:${nth}::2`]
  return {
    metadata: { namespace, name: `pod-${nth}`, labels },
    spec: {
      nodeName: 'here',
      containers: [
        {
          name: 'a',
          ports: [
            { name: 'web', containerPort: web },
            { name: 'names', containerPort: 53, protocol: 'UDP' },
          ],
        },
      ],
    },
    status: { podIP: addresses[0]!, podIPs: addresses.map((ip) => ({ ip })) },
  }
}
const pods = [
  pod(0, 'default', { app: 'web', tier: 'front' }),
  pod(1, 'default', { app: 'db' }, 8080),
  pod(2, 'shop', { app: 'cache', tier: 'back' }),
]
const addresses = pods.flatMap(({ status }) => status!.podIPs!.map(({ ip }) => ip!))

/** In a container of the machine image with a network of its own. */
async function inKernel(trial: Trial): Promise<boolean[][]> {
  await openTestDataCentre()
  const [image] = await new Docker().listImages({ filters: JSON.stringify({ reference: ['podium/machine'] }) })
  const root = join(import.meta.dirname, '..')
  const sysctls = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.disable_ipv6=0', 'net.ipv6.conf.all.forwarding=1']
  const docker = spawn('docker', [
    'run',
    '--rm',
    '--interactive',
    '--network=none',
    '--cap-add=NET_ADMIN',
    '--cap-add=SYS_ADMIN',
    '--security-opt=apparmor=unconfined',
    ...sysctls.map((one) => `--sysctl=${one}`),
    `--volume=${root}:/repo:ro`,
    '--entrypoint=/usr/bin/node',
    image!.Id,
    '--disable-warning=ExperimentalWarning',
    '/repo/server/kube/network-policy/testing/kernel.ts',
  ])
  docker.stdin.end(JSON.stringify(trial))
  const [told, problems] = await Promise.all([text(docker.stdout), text(docker.stderr)])
  expect(told, problems).not.toBe('')
  return JSON.parse(told) as boolean[][]
}

it('lets packets of both families do what the documentation says, and no others', async () => {
  const words = {
    namespaces: ['default', 'shop'],
    addresses,
    ports: [80, 53, 8080],
    portNames: ['web', 'names', 'nobody'],
    protocols: ['TCP', 'UDP'] as const,
  }
  const connections = addresses.flatMap((from) =>
    addresses
      .filter((to) => to !== from && to.includes(':') === from.includes(':'))
      .flatMap((to): Connection[] => [
        { from, to, protocol: 'TCP', port: 80 },
        { from, to, protocol: 'TCP', port: 8080 },
        { from, to, protocol: 'UDP', port: 53 },
      ]),
  )
  const turns = SEEDS.map((seed) => ({ policies: new RandomPolicies(seed, words).policies(4), connections }))
  const results = await inKernel({ pods, namespaces, node: 'here', turns })
  const expected = turns.map(({ policies }) => connections.map((one) => isAllowed({ policies, pods, namespaces }, one)))
  const shown = (table: readonly (readonly boolean[])[]) =>
    table.flatMap((row, turn) =>
      row.flatMap((isOpen, nth) => {
        const { from, to, protocol, port } = connections[nth]!
        return isOpen ? [`seed ${SEEDS[turn]}: ${from} → ${to} ${protocol} ${port}`] : []
      }),
    )
  expect(shown(results)).toEqual(shown(expected))
  const six = shown(expected).filter((line) => line.includes('fd00'))
  const all = turns.length * connections.filter(({ from }) => from.includes(':')).length
  expect(six.length, 'of IPv6 there are both answers').toBeGreaterThan(10)
  expect(all - six.length).toBeGreaterThan(10)
})
