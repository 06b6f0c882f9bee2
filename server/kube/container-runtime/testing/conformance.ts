// What the kubelet relies on, whichever runtime it has: one table for docker/, cri/ and simulated/. What only holds where
// something runs is in real-conformance.ts.

import { expect, it } from 'vitest'
import {
  type ContainerConfig,
  type ContainerRuntime,
  ImagePullError,
  type PodSandbox,
  type PodSandboxConfig,
  type RuntimeEvent,
} from '../container-runtime.ts'
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID, RESTART_COUNT } from '../labels.ts'

export interface RuntimeUnderTest {
  runtime: ContainerRuntime
  /** As a kubelet has it that was started anew. */
  reopen(): ContainerRuntime
  image: string
  /** Lets time pass. */
  rest(): Promise<void>
}

/** One pod after the other; of all of them nothing must be left. */
export const UID = `test-${process.pid}`
const labels = { [POD_NAME]: 'web', [POD_NAMESPACE]: 'default', [POD_UID]: UID }

export const sandboxConfig = (told: Partial<PodSandboxConfig> = {}): PodSandboxConfig => ({
  name: 'web',
  namespace: 'default',
  uid: UID,
  attempt: 0,
  hostname: 'web',
  labels,
  // A container of this name ends by itself, also where nothing runs.
  annotations: {
    note: 'kept',
    'simulated.podium.dev/ender.exit-after': '0s',
    'simulated.podium.dev/ender.exit-code': '3',
  },
  hostNetwork: false,
  hostIpc: false,
  hostPid: false,
  privileged: false,
  runtimeHandler: '',
  shareProcessNamespace: false,
  portMappings: [],
  sysctls: {},
  ...told,
})

export const containerConfig = (
  image: string,
  script: string,
  told: Partial<ContainerConfig> = {},
): ContainerConfig => ({
  name: 'app',
  attempt: 0,
  image,
  command: ['sh', '-c', script],
  env: [{ name: 'WHO', value: 'world' }],
  mounts: [],
  labels: { ...labels, [CONTAINER_NAME]: told.name ?? 'app' },
  annotations: { [RESTART_COUNT]: '0' },
  tty: false,
  stdin: false,
  stdinOnce: false,
  resources: {},
  security: { seccomp: 'RuntimeDefault' },
  ...told,
})

export async function until(holds: () => Promise<boolean> | boolean, rest: () => Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + 60_000
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error('never came')
    await rest()
  }
}

export async function removeAll(runtime: ContainerRuntime): Promise<void> {
  for (const { id } of await runtime.listPodSandboxes(UID)) await runtime.removePodSandbox(id)
}

export function conforms(under: () => RuntimeUnderTest): void {
  const sandbox = () => under().runtime.runPodSandbox(sandboxConfig())
  async function create(inside: PodSandbox, script: string, told: Partial<ContainerConfig> = {}): Promise<string> {
    const { runtime, image } = under()
    if (!(await runtime.imageStatus(image))) await runtime.pullImage(image)
    return runtime.createContainer(inside, containerConfig(image, script, told))
  }
  const statesOf = async (id: string) => (await under().runtime.containerStatus(id)).state

  it('says who it is, and that pods can get addresses', async () => {
    const { runtime } = under()
    const { name, version, apiVersion } = await runtime.version()
    expect([name, version, apiVersion]).not.toContain('')
    expect(await runtime.status()).toMatchObject({ networkReady: true })
  })

  it('finds a sandbox again with all it was made with, until it is removed', async () => {
    const { runtime, reopen } = under()
    const made = await sandbox()
    expect(made).toMatchObject({ state: 'ready', config: { name: 'web', namespace: 'default', uid: UID, attempt: 0 } })
    expect(made.ips).toHaveLength(1)
    expect(made.pid).toBeGreaterThan(0)
    expect(made.labels).toMatchObject(labels)
    expect(made.annotations.note).toBe('kept')
    expect(await reopen().listPodSandboxes(UID)).toEqual([made])
    expect(await runtime.listPodSandboxes('somebody-else')).toEqual([])
    await runtime.stopPodSandbox(made.id)
    await runtime.stopPodSandbox(made.id)
    expect(await runtime.listPodSandboxes(UID)).toMatchObject([{ id: made.id, state: 'notReady', ips: [] }])
    await runtime.removePodSandbox(made.id)
    await runtime.removePodSandbox(made.id)
    expect(await runtime.listPodSandboxes(UID)).toEqual([])
  })

  it('takes a container from created to running to exited, and says how it ended', async () => {
    const { runtime, reopen, image, rest } = under()
    const made = await sandbox()
    const id = await create(made, 'exit 3', { name: 'ender', attempt: 2 })
    expect(await runtime.containerStatus(id)).toMatchObject({
      id,
      name: 'ender',
      attempt: 2,
      sandboxId: made.id,
      podUid: UID,
      state: 'created',
      startedAt: 0,
      finishedAt: 0,
      annotations: { [RESTART_COUNT]: '0' },
    })
    await runtime.startContainer(id)
    await until(async () => (await statesOf(id)) === 'exited', rest)
    const ended = await runtime.containerStatus(id)
    expect(ended).toMatchObject({ exitCode: 3, reason: 'Error' })
    expect(ended.createdAt).toBeGreaterThan(0)
    expect(ended.startedAt).toBeGreaterThanOrEqual(ended.createdAt)
    expect(ended.finishedAt).toBeGreaterThanOrEqual(ended.startedAt)
    expect(await reopen().listContainers(UID)).toEqual([ended])
    expect(await runtime.listContainers('somebody-else')).toEqual([])
    const used = await runtime.imageStatus(image)
    expect(ended.imageId.replace(/^docker:\/\//, '')).toBe(used?.id)
  })

  it('tells of what begins, ends and goes', async () => {
    const { runtime, rest } = under()
    const heard: RuntimeEvent[] = []
    using _events = runtime.events((event) => heard.push(event))
    const made = await sandbox()
    const id = await create(made, 'sleep 1000')
    await runtime.startContainer(id)
    const came = (type: RuntimeEvent['type']) =>
      until(() => heard.some((one) => one.type === type && one.containerId === id), rest)
    await came('started')
    await runtime.stopContainer(id, 0)
    await came('exited')
    await runtime.removeContainer(id)
    await came('removed')
    expect(heard.every((one) => one.podUid === UID && one.sandboxId === made.id)).toBe(true)
  })

  it('stops and removes what has gone already without complaint, and shows it no more', async () => {
    const { runtime } = under()
    const id = await create(await sandbox(), 'sleep 1000')
    await runtime.startContainer(id)
    await runtime.stopContainer(id, 0)
    await runtime.stopContainer(id, 0)
    expect(await statesOf(id)).toBe('exited')
    await runtime.removeContainer(id)
    await runtime.removeContainer(id)
    await runtime.stopContainer(id, 0)
    expect(await runtime.listContainers(UID)).toEqual([])
    await expect(runtime.containerStatus(id)).rejects.toThrow(id)
  })

  it('ends what runs in a sandbox with it, and removes what is left in it with it', async () => {
    const { runtime } = under()
    const made = await sandbox()
    const id = await create(made, 'sleep 1000')
    await runtime.startContainer(id)
    await runtime.stopPodSandbox(made.id)
    expect(await statesOf(id)).toBe('exited')
    await runtime.removePodSandbox(made.id)
    expect(await runtime.listContainers(UID)).toEqual([])
  })

  it('lets a container use more and less while it runs', async () => {
    const { runtime } = under()
    const before = { cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000, memoryLimitBytes: 64 * 2 ** 20 }
    const after = { cpuShares: 1024, cpuQuota: 150_000, cpuPeriod: 100_000, memoryLimitBytes: 96 * 2 ** 20 }
    const id = await create(await sandbox(), 'sleep 1000', { resources: before })
    await runtime.startContainer(id)
    for (const resources of [before, after, before]) {
      await runtime.updateContainerResources(id, resources)
      expect(await runtime.containerStatus(id)).toMatchObject({ state: 'running', resources })
    }
  })

  it('knows which images it has, and says of one that cannot be had why', async () => {
    const { runtime, image } = under()
    if (!(await runtime.imageStatus(image))) await runtime.pullImage(image)
    const { id, sizeBytes } = (await runtime.imageStatus(image))!
    expect(sizeBytes).toBeGreaterThan(0)
    expect((await runtime.listImages()).map((one) => one.id)).toContain(id)
    // Nobody listens there.
    const missing = 'localhost:1/does-not-exist:1'
    expect(await runtime.imageStatus(missing)).toBeUndefined()
    const why = await runtime.pullImage(missing).catch((err: unknown) => err)
    expect(why).toBeInstanceOf(ImagePullError)
    expect((why as Error).message).toMatch(/does-not-exist|connection refused/)
    await expect(runtime.createContainer(await sandbox(), containerConfig(missing, 'sleep 1'))).rejects.toThrow(
      'does-not-exist',
    )
  })
}
