// Where people, and the collectors that read for them, look for what containers print: below /var/log/pods, and under one
// more name each in /var/log/containers. The engine keeps it elsewhere, so both are links.
// Upstream: dockershim (createContainerLogSymlink), pkg/kubelet/kuberuntime/legacy.go.

import { dirname } from 'node:path'
import type { NodeOs } from '../../node-os/node-os.ts'
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID } from '../labels.ts'
import { ATTEMPT, type Inspected } from './docker-status.ts'

/** As long as a name in a directory may be. */
const LONGEST_NAME = 255
const END = '.log'

export class LogLinks {
  readonly #os: NodeOs
  readonly #root: string

  /** `root`: `/var/log`. */
  constructor(os: NodeOs, root: string) {
    this.#os = os
    this.#root = root
  }

  async add(container: Inspected): Promise<void> {
    const { log, second } = this.#pathsOf(container)
    await this.#os.link(container.LogPath, log)
    await this.#os.link(log, second)
  }

  async remove(container: Inspected): Promise<void> {
    const { log, second } = this.#pathsOf(container)
    await this.#os.remove(second)
    await this.#os.remove(log)
    // Those of the container, and of the pod: another one of it may have begun.
    for (const directory of [dirname(log), dirname(dirname(log))]) {
      if ((await this.#os.list(directory)).length === 0) await this.#os.remove(directory)
    }
  }

  #pathsOf({ Id, Config }: Inspected) {
    const label = (name: string) => Config.Labels[name] ?? ''
    const [pod, namespace, name] = [label(POD_NAME), label(POD_NAMESPACE), label(CONTAINER_NAME)]
    const second = `${pod}_${namespace}_${name}-${Id}`.slice(0, LONGEST_NAME - END.length)
    return {
      log: `${this.#root}/pods/${namespace}_${pod}_${label(POD_UID)}/${name}/${label(ATTEMPT)}${END}`,
      second: `${this.#root}/containers/${second}${END}`,
    }
  }
}
