// Where people, and the collectors that read for them, look for what containers print: below /var/log/pods, and under one
// more name each in /var/log/containers. The engine keeps it elsewhere, so both are links.
// Upstream: dockershim (createContainerLogSymlink), pkg/kubelet/kuberuntime/legacy.go.

import { dirname } from 'node:path'
import type { NodeOs } from '../../node-os/node-os.ts'
import { CollectedLogs } from '../collected-logs.ts'
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID } from '../labels.ts'
import { ATTEMPT, type Inspected } from './docker-status.ts'

const END = '.log'

export class LogLinks {
  readonly #os: NodeOs
  readonly #root: string
  readonly collected: CollectedLogs

  /** `root`: `/var/log`. */
  constructor(os: NodeOs, root: string) {
    this.#os = os
    this.#root = root
    this.collected = new CollectedLogs(os, root)
  }

  async add(container: Inspected): Promise<void> {
    const log = this.#pathOf(container)
    await this.#os.link(container.LogPath, log)
    await this.collected.add(labelled(container), log)
  }

  async remove(container: Inspected): Promise<void> {
    const log = this.#pathOf(container)
    await this.collected.remove(labelled(container))
    await this.#os.remove(log)
    // Those of the container, and of the pod: another one of it may have begun.
    for (const directory of [dirname(log), dirname(dirname(log))]) {
      if ((await this.#os.list(directory)).length === 0) await this.#os.remove(directory)
    }
  }

  #pathOf({ Config }: Inspected): string {
    const label = (name: string) => Config.Labels[name] ?? ''
    const pod = `${label(POD_NAMESPACE)}_${label(POD_NAME)}_${label(POD_UID)}`
    return `${this.#root}/pods/${pod}/${label(CONTAINER_NAME)}/${label(ATTEMPT)}${END}`
  }
}

const labelled = ({ Id, Config }: Inspected) => ({ id: Id, labels: Config.Labels })
