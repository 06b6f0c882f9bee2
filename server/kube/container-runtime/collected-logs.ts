// Where those that read for collectors look: under one name each, by pod, namespace, container and id, in /var/log/containers.
// Upstream: pkg/kubelet/kuberuntime/legacy.go, kuberuntime_gc.go (evictPodLogsDirectories).

import type { NodeOs } from '../node-os/node-os.ts'
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE } from './labels.ts'

/** As long as a name in a directory may be. */
const LONGEST_NAME = 255
const END = '.log'

interface Labelled {
  id: string
  labels: Readonly<Record<string, string>>
}

export class CollectedLogs {
  readonly #os: NodeOs
  readonly #directory: string

  constructor(os: NodeOs, logRoot: string) {
    this.#os = os
    this.#directory = `${logRoot}/containers`
  }

  add(container: Labelled, log: string): Promise<void> {
    return this.#os.link(log, this.#pathOf(container))
  }

  remove(container: Labelled): Promise<void> {
    return this.#os.remove(this.#pathOf(container))
  }

  /** Takes away what containers have left that went while nobody looked. */
  async sweep(idsThere: () => Promise<readonly string[]>): Promise<void> {
    // Before containers are asked for: of one that begins meanwhile no name is here yet.
    const names = await this.#os.list(this.#directory)
    const there = new Set(await idsThere())
    for (const name of names) {
      const [, id] = /-([0-9a-f]{64})\.log$/.exec(name) ?? []
      if (id && !there.has(id)) await this.#os.remove(`${this.#directory}/${name}`)
    }
  }

  #pathOf({ id, labels }: Labelled): string {
    const name = `${labels[POD_NAME]}_${labels[POD_NAMESPACE]}_${labels[CONTAINER_NAME]}-${id}`
    return `${this.#directory}/${name.slice(0, LONGEST_NAME - END.length)}${END}`
  }
}
