// The Docker runtime against a real engine: everything but the network, which is played here.

import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { createLinuxNodeOs } from '../../node-os/linux-node-os.ts'
import type { NetworkedSandbox, PodNetwork } from '../pod-network.ts'
import {
  conforms,
  containerConfig,
  type RuntimeUnderTest,
  removeAll,
  sandboxConfig,
  UID,
  until,
} from '../testing/conformance.ts'
import { imageCalled } from '../testing/images.ts'
import { runsContainers } from '../testing/real-conformance.ts'
import { DockerRuntime } from './docker-runtime.ts'

let runtime: DockerRuntime
let network: PodNetwork & { up: NetworkedSandbox[]; down: string[] }
let pauseImage: string
let image: string
let under: RuntimeUnderTest
let logRoot: string
const opened: Disposable[] = []

beforeAll(async () => {
  pauseImage = await imageCalled('pause')
  image = await imageCalled('busybox')
})
beforeEach(async () => {
  logRoot = await mkdtemp(join(tmpdir(), 'podium-logs-'))
  const given = new Map<string, string[]>()
  network = {
    up: [],
    down: [],
    status: async () => ({ ready: true, message: '' }),
    updatePodCidr: async () => undefined,
    async setUp(sandbox) {
      this.up.push(sandbox)
      given.set(sandbox.id, ['10.244.0.2'])
      return { ips: ['10.244.0.2'] }
    },
    async tearDown({ id }) {
      this.down.push(id)
    },
    addresses: async (id) => given.get(id) ?? [],
  }
  runtime = open()
  under = { runtime, reopen: open, image, rest: () => new Promise((resolve) => setTimeout(resolve, 25)) }
})
afterEach(async () => {
  await removeAll(runtime)
  for (const one of opened.splice(0)) one[Symbol.dispose]()
  await rm(logRoot, { recursive: true })
})

function open(): DockerRuntime {
  const made = new DockerRuntime({
    docker: new Docker(),
    os: createLinuxNodeOs(),
    network,
    clock: systemClock,
    logger: noLogger,
    pauseImage,
    logs: { maxSizeBytes: 10_000_000, maxFiles: 2 },
    logRoot,
    extraLabels: { podium: '1' },
  })
  opened.push(made)
  return made
}

conforms(() => under)
runsContainers(() => under)

it('hands a sandbox to the network, and back', async () => {
  const made = await runtime.runPodSandbox(sandboxConfig())
  expect(network.up[0]?.netnsPath).toBe(`/proc/${made.pid}/ns/net`)
  await runtime.stopPodSandbox(made.id)
  expect(network.down).toEqual([made.id])
})

it('has what a container prints lie where it is looked for, as long as the container is there', async () => {
  const made = await runtime.runPodSandbox(sandboxConfig())
  const id = await runtime.createContainer(made, containerConfig(image, 'echo by name'))
  await runtime.startContainer(id)
  const [told] = await runtime.listContainers(UID)
  const { namespace, name, uid } = made.config
  const log = join(logRoot, `pods/${namespace}_${name}_${uid}/${told?.name}/${told?.attempt}.log`)
  const second = join(logRoot, `containers/${name}_${namespace}_${told?.name}-${id}.log`)
  expect(await readlink(second)).toBe(log)
  await until(async () => (await readFile(second, 'utf8')).includes('by name'), under.rest)
  await runtime.removePodSandbox(made.id)
  expect(await readdir(join(logRoot, 'pods'))).toEqual([])
  expect(await readdir(join(logRoot, 'containers'))).toEqual([])
})

it('hangs up on a command under a terminal when whoever typed has gone, also on one that reads nothing', async () => {
  const id = await runtime.createContainer(
    await runtime.runPodSandbox(sandboxConfig()),
    containerConfig(image, 'sleep 1000'),
  )
  await runtime.startContainer(id)
  const runs = async () => (await runtime.execSync(id, ['ps'], 60_000)).output.includes('sleep 1234')
  const session = await runtime.exec(id, { command: ['sh', '-c', 'sleep 1234; true'], tty: true, stdin: true })
  await until(runs, under.rest)
  session.kill()
  await until(async () => !(await runs()), under.rest)
  expect((await runtime.listContainers(UID))[0]?.state).toBe('running')
})
