// The CRI runtime against a containerd of its own, started here. The pods' network is one that gives each the same
// address and brings up their loopback, and does nothing else.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { createLinuxNodeOs } from '../../node-os/linux-node-os.ts'
import {
  conforms,
  containerConfig,
  type RuntimeUnderTest,
  removeAll,
  sandboxConfig,
  until,
} from '../testing/conformance.ts'
import { imageCalled } from '../testing/images.ts'
import { runsContainers } from '../testing/real-conformance.ts'
import { logDirectoryOf } from './cri-requests.ts'
import { CriRuntime } from './cri-runtime.ts'

const PLUGIN = `#!/bin/sh
cat > /dev/null
[ "$CNI_COMMAND $CNI_IFNAME" != "ADD lo" ] || nsenter --net="$CNI_NETNS" ip link set lo up
[ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion": "0.4.0",
  "interfaces": [{"name": "'$CNI_IFNAME'", "sandbox": "'$CNI_NETNS'"}],
  "ips": [{"version": "4", "interface": 0, "address": "10.244.0.2/24"}]}'
`
const run = promisify(execFile)
const rest = () => new Promise<void>((resolve) => setTimeout(resolve, 25))

let directory: string
let containerd: ChildProcess
let image: string
let pauseImage: string
let runtime: CriRuntime
let under: RuntimeUnderTest
const opened: Disposable[] = []
const isolated: string[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-cri-'))
  pauseImage = `docker.io/${await imageCalled('pause')}`
  image = `docker.io/${await imageCalled('busybox')}`
  await mkdir(join(directory, 'bin'))
  await mkdir(join(directory, 'net.d'))
  for (const name of ['given', 'loopback']) await writeFile(join(directory, 'bin', name), PLUGIN, { mode: 0o755 })
  const list = { cniVersion: '0.4.0', name: 'given', plugins: [{ type: 'given' }] }
  await writeFile(join(directory, 'net.d', '10-given.conflist'), JSON.stringify(list))
  await writeFile(
    join(directory, 'config.toml'),
    `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
address = "${directory}/containerd.sock"
[ttrpc]
address = "${directory}/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pauseImage}"
disable_apparmor = true
# Nobody here may go below the score that he was born with.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${directory}/bin"
conf_dir = "${directory}/net.d"
[plugins."io.containerd.internal.v1.opt"]
path = "${directory}/opt"
`,
  )
  containerd = spawn('containerd', ['--config', join(directory, 'config.toml'), '--log-level', 'error'], {
    stdio: 'ignore',
  })
  runtime = open()
  await until(
    () =>
      runtime.status().then(
        ({ networkReady }) => networkReady,
        () => false,
      ),
    rest,
  )
  const tar = join(directory, 'images.tar')
  await run('docker', ['save', '-o', tar, pauseImage.slice(10), image.slice(10)])
  await run('ctr', ['-a', join(directory, 'containerd.sock'), '-n', 'k8s.io', 'images', 'import', tar])
  await until(async () => (await runtime.listImages()).length === 2, rest)
}, 120_000)
beforeEach(() => {
  runtime = open()
  isolated.length = 0
  under = { runtime, reopen: open, image, rest }
})
afterEach(async () => {
  await removeAll(runtime)
  for (const one of opened.splice(0)) one[Symbol.dispose]()
})
afterAll(async () => {
  const ended = new Promise((resolve) => containerd.once('exit', resolve))
  containerd.kill()
  await ended
  await rm(directory, { recursive: true, force: true })
})

function open(): CriRuntime {
  const made = new CriRuntime({
    socketPath: join(directory, 'containerd.sock'),
    os: createLinuxNodeOs(),
    clock: systemClock,
    logger: noLogger,
    pauseImage,
    logs: { maxSizeBytes: 10_000, maxFiles: 3 },
    logRoot: join(directory, 'log'),
    configureNetwork: async () => undefined,
    isolating: (network) => ({
      ...network,
      async setUp(sandbox) {
        const given = await network.setUp(sandbox)
        isolated.push(`${sandbox.namespace}/${sandbox.name} ${given.ips.join()}`)
        return given
      },
    }),
  })
  opened.push(made)
  return made
}

conforms(() => under)
runsContainers(() => under)

it('has a sandbox isolated before it is given out', async () => {
  await runtime.runPodSandbox(sandboxConfig())
  expect(isolated).toEqual(['default/web 10.244.0.2'])
})

it('tells where the layers of an image lie, and leaves no snapshot for that', async () => {
  const snapshots = async () =>
    (await run('ctr', ['-a', join(directory, 'containerd.sock'), '-n', 'k8s.io', 'snapshots', 'ls'])).stdout
  const before = await snapshots()
  const layers = await runtime.imageLayers(image)
  const found = await Promise.all(layers.map((layer) => readdir(layer)))
  expect(found.flat()).toContain('bin')
  expect(await snapshots()).toBe(before)
})

it('puts logs aside that grow too long, goes on following them, and removes all with their container', async () => {
  const made = await runtime.runPodSandbox(sandboxConfig())
  const script = 'head -c 20000 /dev/zero | tr "\\0" x; echo; until [ -e /go ]; do sleep 0.1; done; echo end'
  const id = await runtime.createContainer(made, containerConfig(image, script))
  await runtime.startContainer(id)
  const options = { follow: true, timestamps: false, signal: AbortSignal.timeout(60_000) }
  const heard = text(await runtime.logs(id, options))
  const files = () => readdir(join(logDirectoryOf(made.config), 'app'))
  const collected = async () =>
    (await readdir(join(directory, 'log', 'containers'))).filter((name) => name.includes(id))
  expect(await collected()).toEqual([`web_default_app-${id}.log`])
  await until(async () => (await files()).length === 2, rest)
  await runtime.execSync(id, ['touch', '/go'], 60_000)
  expect(await heard).toBe(`${'x'.repeat(20_000)}\nend\n`)
  await runtime.removeContainer(id)
  expect(await files()).toEqual([])
  expect(await collected()).toEqual([])
  await runtime.removePodSandbox(made.id)
  await expect(readdir(logDirectoryOf(made.config))).rejects.toThrow('ENOENT')
}, 90_000)
