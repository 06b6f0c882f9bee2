import type Docker from 'dockerode'
import { expect, it } from 'vitest'
import { systemClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { createSimulatedNodeOs } from '../../node-os/simulated-node-os.ts'
import type { ContainerConfig, PodSandbox } from '../container-runtime.ts'
import { CGROUP_PARENT } from './create-options.ts'
import { DockerRuntime } from './docker-runtime.ts'

const killed = (times: number) => `low 0\nhigh 0\nmax 37\noom ${times}\noom_kill ${times}\noom_group_kill 0\n`
const POD = '/kubepods/burstable/pod1234'
const GROUP = `${POD}/app-2`

/** A machine whose engine knows of one container, which was ended by SIGKILL; `saw` is whether it thinks that was for memory. */
function machine(engine: { CgroupVersion: string; CgroupDriver: string }, saw: boolean, files: Record<string, string>) {
  const asked: { HostConfig: { CgroupParent?: string } }[] = []
  const ran: string[] = []
  const container = {
    inspect: async () => ({
      Id: 'c1',
      Created: '2026-01-01T00:00:00Z',
      Config: { Labels: {}, Image: 'busybox' },
      HostConfig: { CgroupParent: asked[0]?.HostConfig.CgroupParent ?? '' },
      Mounts: [],
      State: { Status: 'exited', ExitCode: 137, OOMKilled: saw, Error: '' },
    }),
    remove: async () => undefined,
  }
  const docker = {
    info: async () => engine,
    createContainer: async (options: (typeof asked)[number]) => {
      asked.push(options)
      return { id: 'c1' }
    },
    getContainer: () => container,
  } as unknown as Docker
  const os = createSimulatedNodeOs({ hostname: 'here' })
  os.readFile = async (path) => files[path]
  os.run = async (command, args) => {
    ran.push([command, ...args].join(' '))
    return { exitCode: 0, stdout: '', stderr: '' }
  }
  const network = {} as never
  const runtime = new DockerRuntime({
    docker,
    os,
    network,
    clock: systemClock,
    logger: noLogger,
    pauseImage: 'pause',
    logs: { maxSizeBytes: 10_000_000, maxFiles: 2 },
  })
  return { runtime, asked, ran }
}
const sandbox = {
  id: 's1',
  config: { uid: '1234', name: 'web', namespace: 'default', attempt: 0 },
  annotations: { [CGROUP_PARENT]: POD },
}
const config = {
  name: 'app',
  attempt: 2,
  env: [],
  mounts: [],
  resources: {},
  security: { seccomp: 'RuntimeDefault' },
  labels: {},
  annotations: {},
}
const create = (runtime: DockerRuntime) =>
  runtime.createContainer(sandbox as unknown as PodSandbox, config as unknown as ContainerConfig)

const v1 = { CgroupVersion: '1', CgroupDriver: 'cgroupfs' }
const v2 = { CgroupVersion: '2', CgroupDriver: 'cgroupfs' }
const slices = { CgroupVersion: '2', CgroupDriver: 'systemd' }
const events = `/sys/fs/cgroup${GROUP}/memory.events`
it.each([
  ['the kernel counted what the engine missed', v2, false, { [events]: killed(1) }, GROUP, 'OOMKilled'],
  ['nothing was counted: another signal', v2, false, { [events]: killed(0) }, GROUP, 'Error'],
  ['the group is gone, as after a reboot', v2, false, {}, GROUP, 'Error'],
  ['the group is gone, but the engine saw it', v2, true, {}, GROUP, 'OOMKilled'],
  ['the engine saw it on version 1', v1, true, {}, POD, 'OOMKilled'],
  ['the engine saw nothing on version 1', v1, false, { [events]: killed(1) }, POD, 'Error'],
  ['systemd keeps the tree', slices, true, {}, POD, 'OOMKilled'],
])('gives the reason of an end when %s', async (_, engine, saw, files, group, reason) => {
  const { runtime, asked } = machine(engine, saw, files)
  const id = await create(runtime)
  expect(asked[0]?.HostConfig.CgroupParent).toBe(group)
  expect(await runtime.containerStatus(id)).toMatchObject({ exitCode: 137, reason })
})

it('takes the group away with its container, and no other', async () => {
  const { runtime, ran } = machine(v2, false, {})
  await runtime.removeContainer(await create(runtime))
  expect(ran).toEqual([`rmdir /sys/fs/cgroup${GROUP}`])
  const elsewhere = machine(v1, false, {})
  await elsewhere.runtime.removeContainer(await create(elsewhere.runtime))
  expect(elsewhere.ran).toEqual([])
})
