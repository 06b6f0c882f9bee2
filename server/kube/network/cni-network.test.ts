import { beforeEach, expect, it } from 'vitest'
import { noLogger } from '../../base/logger.ts'
import type { NetworkedSandbox } from '../container-runtime/pod-network.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { addressesIn, CniNetwork } from './cni-network.ts'

interface Call {
  plugin: string
  command: string
  netns: string
  conf: { [field: string]: unknown; name: string; prevResult?: unknown; runtimeConfig?: { portMappings: unknown[] } }
}

const CONF = '/etc/cni/net.d'
const BIN = '/opt/cni/bin'
const result = { cniVersion: '0.4.0', ips: [{ version: '4', address: '10.244.1.7/24' }] }
/** Asks for all that plug-ins of our configuration do on request. */
const sandbox: NetworkedSandbox = {
  id: 's1',
  namespace: 'default',
  name: 'web',
  uid: 'u',
  netnsPath: '/proc/42/ns/net',
  portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'TCP', hostIP: '' }],
  bandwidth: { ingressRate: 1000, ingressBurst: 4_294_967_295 },
}

let files: Map<string, string>
let calls: Call[]
/** Plug-ins that fail at everything but DEL. */
let broken: Set<string>
let missing: Set<string>
let os: NodeOs

beforeEach(() => {
  files = new Map()
  calls = []
  broken = new Set()
  missing = new Set()
  os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    readFile: async (path) => files.get(path),
    writeFile: async (path, content) => void files.set(path, String(content)),
    remove: async (path) => void files.delete(path),
    list: async (path) =>
      [...files.keys()].flatMap((file) => (file.startsWith(`${path}/`) ? file.slice(path.length + 1) : [])),
    kindOf: async (path) => (missing.has(path) ? undefined : 'file'),
    run: async (command, _args, { input = '', env = {} } = {}) => {
      const plugin = command.slice(BIN.length + 1)
      calls.push({ plugin, command: env.CNI_COMMAND!, netns: env.CNI_NETNS!, conf: JSON.parse(input) })
      if (env.CNI_COMMAND !== 'DEL' && broken.has(plugin)) {
        return {
          exitCode: 1,
          stdout: JSON.stringify({ code: 11, msg: 'no IP addresses available in range set' }),
          stderr: '',
        }
      }
      return { exitCode: 0, stdout: env.CNI_COMMAND === 'ADD' ? JSON.stringify(result) : '', stderr: '' }
    },
  }
})

const open = () => new CniNetwork({ os, logger: noLogger, confDir: CONF, binDir: BIN })
const done = () => calls.map(({ command, plugin }) => `${command} ${plugin}`)

it('is not ready without a configuration, nor without the plug-ins that it names', async () => {
  const network = open()
  expect(await network.status()).toMatchObject({
    ready: false,
    message: expect.stringContaining('cni config uninitialized'),
  })
  await network.updatePodCidr('10.244.1.0/24')
  expect(await network.status()).toEqual({ ready: true, message: '' })
  missing.add(`${BIN}/portmap`)
  expect((await network.status()).message).toContain('failed to find plugin "portmap"')
})

it.each([
  ['is not there', 'failed to find plugin "portmap" in path [/opt/cni/bin]', { isMissing: true }],
  ['cannot be run', 'plugin type="portmap" failed (add): spawn EACCES', {}],
  ['answers with anything', /^plugin type="portmap" failed \(add\): its result is not JSON: /, { says: 'hello' }],
])(
  'says by its name which plug-in %s',
  async (_what, words, { isMissing = false, says }: { isMissing?: boolean; says?: string }) => {
    const { run } = os
    os.run = async (command, ...more) => {
      if (command !== `${BIN}/portmap`) return run(command, ...more)
      if (says === undefined) throw new Error('spawn EACCES')
      return { exitCode: 0, stdout: says, stderr: '' }
    }
    const network = open()
    await network.updatePodCidr('10.244.1.0/24')
    if (isMissing) missing.add(`${BIN}/portmap`)
    await expect(network.setUp(sandbox)).rejects.toThrow(words)
  },
)

it('leaves a configuration alone that somebody else put there', async () => {
  files.set(`${CONF}/00-mynet.conf`, JSON.stringify({ cniVersion: '0.2.0', name: 'mynet', type: 'bridge' }))
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  expect([...files.keys()]).toEqual([`${CONF}/00-mynet.conf`])
  await network.setUp(sandbox)
  expect(done()).toEqual(['ADD loopback', 'ADD bridge'])
  expect(calls[1]?.conf.name).toBe('mynet')
})

it('calls the plug-ins in order, each with the result of the one before, and in reverse to take down', async () => {
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  expect(await network.setUp(sandbox)).toEqual({ ips: ['10.244.1.7'] })
  expect(done()).toEqual(['ADD loopback', 'ADD bridge', 'ADD portmap', 'ADD bandwidth'])
  expect(calls[2]?.conf).toMatchObject({
    prevResult: result,
    runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
  })
  calls = []
  await network.tearDown({ ...sandbox, netnsPath: '' })
  expect(done()).toEqual(['DEL bandwidth', 'DEL portmap', 'DEL bridge'])
  expect(calls[0]).toMatchObject({ netns: '', conf: { prevResult: result } })
  calls = []
  await network.tearDown(sandbox)
  expect(calls).toEqual([])
})

it('knows the addresses after a restart', async () => {
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  await network.setUp(sandbox)
  expect(await open().addresses('s1')).toEqual(['10.244.1.7'])
  expect(await open().addresses('other')).toEqual([])
})

it('takes back the half of a network that came about, and says why the rest did not', async () => {
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  broken.add('portmap')
  await expect(network.setUp(sandbox)).rejects.toThrow(
    'plugin type="portmap" failed (add): no IP addresses available in range set',
  )
  expect(done().slice(-3)).toEqual(['DEL bandwidth', 'DEL portmap', 'DEL bridge'])
  expect([...files.keys()].filter((path) => path.includes('results'))).toEqual([])
})

it('can give back what a kubelet took that died before it knew what it got', async () => {
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  const run = os.run
  const died = Promise.withResolvers<never>()
  os.run = (command, args, options) => (command.endsWith('/bridge') ? died.promise : run(command, args, options))
  void network.setUp(sandbox).catch(() => undefined)
  await new Promise((resolve) => setImmediate(resolve))
  os.run = run
  const next = open()
  expect(await next.addresses('s1')).toEqual([])
  await next.tearDown(sandbox)
  expect(done()).toEqual(['ADD loopback', 'DEL bandwidth', 'DEL portmap', 'DEL bridge'])
})

const listOf = (cniVersion: string, more = {}) =>
  JSON.stringify({ cniVersion, name: 'own', plugins: [{ type: 'own' }], ...more })

it('reads the configuration anew for each pod, and passes over files that are none', async () => {
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  await network.setUp(sandbox)
  files.set(`${CONF}/00-broken.conf`, '{')
  files.set(`${CONF}/01-own.conflist`, listOf('0.4.0'))
  calls = []
  await network.setUp({ ...sandbox, id: 's2' })
  expect(done()).toEqual(['ADD loopback', 'ADD own'])
  // What was made by another configuration is taken down by that one.
  calls = []
  await network.tearDown(sandbox)
  expect(done()).toEqual(['DEL bandwidth', 'DEL portmap', 'DEL bridge'])
})

it('says which file is wrong when there is no good one', async () => {
  files.set(`${CONF}/00-broken.conf`, '{')
  files.set(`${CONF}/01-empty.conflist`, JSON.stringify({ name: 'empty', plugins: [] }))
  files.set(`${CONF}/02-nameless.conf`, JSON.stringify({ type: 'bridge' }))
  expect((await open().status()).message).toMatch(
    /no valid networks found in \/etc\/cni\/net\.d: .*00-broken\.conf: error parsing configuration: .*; .*01-empty\.conflist: no plugins in list; .*02-nameless\.conf: missing field "name"/,
  )
})

it('asks plug-ins of version 1.1.0 whether they are ready, and older ones not', async () => {
  files.set(`${CONF}/own.conflist`, listOf('1.0.0'))
  expect(await open().status()).toEqual({ ready: true, message: '' })
  expect(calls).toEqual([])
  files.set(`${CONF}/own.conflist`, listOf('1.1.0'))
  expect((await open().status()).ready).toBe(true)
  expect(done()).toEqual(['STATUS own'])
  broken.add('own')
  expect(await open().status()).toMatchObject({
    ready: false,
    message: expect.stringContaining('plugin type="own" failed (status)'),
  })
})

it.each<{ version: string; more: object; asked: string[] }>([
  { version: '0.3.1', more: {}, asked: [] },
  { version: '0.4.0', more: {}, asked: ['CHECK own'] },
  { version: '0.4.0', more: { disableCheck: true }, asked: [] },
  { version: '1.1.0', more: {}, asked: ['GC own', 'CHECK own'] },
  { version: '1.1.0', more: { disableGC: true }, asked: ['CHECK own'] },
])('after a restart looks at pods as version $version can ($more)', async ({ version, more, asked }) => {
  files.set(`${CONF}/own.conflist`, listOf(version, more))
  await open().setUp(sandbox)
  calls = []
  await open().takeUp(['s1'])
  expect(done()).toEqual(asked)
  if (asked.includes('GC own')) {
    expect(calls[0]?.conf['cni.dev/valid-attachments']).toEqual([{ containerID: 's1', ifname: 'eth0' }])
  }
  if (asked.includes('CHECK own')) expect(calls.at(-1)?.conf.prevResult).toEqual(result)
})

it('goes on after a restart although a pod’s network has changed', async () => {
  files.set(`${CONF}/own.conflist`, listOf('0.4.0'))
  await open().setUp(sandbox)
  broken.add('own')
  await open().takeUp(['s1', 'other'])
})

it('hands the result to DEL from version 0.4.0 on', async () => {
  files.set(`${CONF}/own.conflist`, listOf('0.3.1'))
  await open().setUp(sandbox)
  await open().tearDown(sandbox)
  expect(calls.at(-1)).toMatchObject({ command: 'DEL', conf: expect.not.objectContaining({ prevResult: result }) })
})

it('reads results of old and new versions', () => {
  expect(addressesIn({ ip4: { ip: '10.0.0.2/24' } })).toEqual(['10.0.0.2'])
  expect(addressesIn({ ips: [{ address: '10.0.0.3/24' }] })).toEqual(['10.0.0.3'])
})

it('hands limits on to a plug-in that is able to hold them, and to no other', async () => {
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  await network.setUp(sandbox)
  const asked = Object.fromEntries(calls.map(({ plugin, conf }) => [plugin, conf.runtimeConfig]))
  expect(asked).toMatchObject({
    bridge: undefined,
    portmap: { portMappings: [{ hostPort: 8080 }] },
    bandwidth: { bandwidth: sandbox.bandwidth },
  })
  expect(asked.portmap).not.toHaveProperty('bandwidth')
})

const { bandwidth: _limits, ...unlimited } = sandbox
const plain: NetworkedSandbox = { ...unlimited, portMappings: [] }

it('starts no plug-in for a pod that asks nothing of it', async () => {
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  expect(await network.setUp(plain)).toEqual({ ips: ['10.244.1.7'] })
  await network.setUp({ ...unlimited, id: 's2' })
  expect(done()).toEqual(['ADD loopback', 'ADD bridge', 'ADD loopback', 'ADD bridge', 'ADD portmap'])
  calls = []
  await open().takeUp(['s1', 's2'])
  expect(done()).toEqual(['CHECK bridge', 'CHECK bridge', 'CHECK portmap'])
  calls = []
  await network.tearDown(plain)
  expect(done()).toEqual(['DEL bridge'])
})

it('starts a plug-in for every pod that its configuration asks it for, or whose ways are not known', async () => {
  const plugins = [{ type: 'bridge' }, { type: 'bandwidth', ingressRate: 1000 }, { type: 'own', capabilities: {} }]
  files.set(`${CONF}/own.conflist`, JSON.stringify({ cniVersion: '0.4.0', name: 'own', plugins }))
  await open().setUp(plain)
  expect(done()).toEqual(['ADD loopback', 'ADD bridge', 'ADD bandwidth', 'ADD own'])
})

it('leaves a loopback alone that is up already', async () => {
  const network = open()
  await network.updatePodCidr('10.244.1.0/24')
  files.set(
    '/proc/42/net/fib_trie',
    'Local:\n  +-- 127.0.0.0/8 2 0 2\n        |-- 127.0.0.1\n           /32 host LOCAL\n',
  )
  await network.setUp(plain)
  expect(done()).toEqual(['ADD bridge'])
})

it('tells which versions the machine’s plug-ins speak', async () => {
  const said = { cniVersion: '1.0.0', supportedVersions: ['0.4.0', '1.0.0'] }
  const run: NodeOs['run'] = async (_command, _args, { env = {} } = {}) => ({
    exitCode: 0,
    stdout: env.CNI_COMMAND === 'VERSION' ? JSON.stringify(said) : '',
    stderr: '',
  })
  os = { ...os, run }
  expect(await open().versions()).toEqual(['0.4.0', '1.0.0'])
})
