// Whether the kernel killed something in a container for its memory. On cgroup v2 the engine looks at the container's own
// count, and the end of the container takes that away: whoever looks a moment late sees nothing (containerd 1.6 does).
// A group around each container keeps the count, because there the kernel counts upwards as well. On v1 it does not, and
// need not: there the engine is told by the kernel.

import { join } from 'node:path'
import type Docker from 'dockerode'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { ContainerConfig, PodSandbox } from '../container-runtime.ts'
import { CGROUP_PARENT } from './create-options.ts'

const CGROUPS = '/sys/fs/cgroup'
const GROUP = '/kubepods'

export class OomKills {
  readonly #docker: Docker
  readonly #os: NodeOs
  #hasGroups: Promise<boolean> | undefined

  constructor({ docker, os }: { docker: Docker; os: NodeOs }) {
    this.#docker = docker
    this.#os = os
  }

  /** The group to put a container below: the pod's, or one in it where the engine does not know by itself. */
  async groupOf(sandbox: PodSandbox, { name, attempt }: ContainerConfig): Promise<string | undefined> {
    const pod = sandbox.annotations[CGROUP_PARENT]
    if (!(await this.#needsGroups())) return pod
    return `${pod ?? `${GROUP}/pod${sandbox.config.uid}`}/${name}-${attempt}`
  }

  /** How a container ended, as the kernel knows it. */
  async happenedIn(group: string | undefined): Promise<boolean> {
    if (!isOurs(group) || !(await this.#needsGroups())) return false
    const events = await this.#os.readFile(join(CGROUPS, group, 'memory.events'))
    return /^oom_kill [1-9]/m.test(events ?? '')
  }

  /** When its container is gone. */
  async forget(group: string | undefined): Promise<void> {
    if (isOurs(group) && (await this.#needsGroups())) await this.#os.run('rmdir', [join(CGROUPS, group)])
  }

  /** Groups by path are for an engine that makes them itself; systemd would want slices. */
  #needsGroups(): Promise<boolean> {
    this.#hasGroups ??= this.#docker.info().then(
      ({ CgroupVersion, CgroupDriver }) => CgroupVersion === '2' && CgroupDriver === 'cgroupfs',
      (err) => {
        this.#hasGroups = undefined
        throw err
      },
    )
    return this.#hasGroups
  }
}

const isOurs = (group: string | undefined): group is string => group?.startsWith(`${GROUP}/`) ?? false
