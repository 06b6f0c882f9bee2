// What the engine has, found by labels: in short, as it lists it.

import type Docker from 'dockerode'
import { POD_UID } from '../labels.ts'
import { KIND } from './docker-status.ts'

type Listed = Docker.ContainerInfo

export class DockerLists {
  readonly #docker: Docker
  /** Of one pod, for who asks for its sandboxes and its containers at once: by the pod's uid. */
  readonly #askedNow = new Map<string, Promise<Listed[]>>()

  constructor(docker: Docker) {
    this.#docker = docker
  }

  with(labels: Record<string, string>): Promise<Listed[]> {
    const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
    return this.#docker.listContainers({ all: true, filters: { label } })
  }

  async ofKind(kind: 'podsandbox' | 'container', podUid: string | undefined): Promise<Listed[]> {
    if (podUid === undefined) return this.with({ [KIND]: kind })
    return (await this.#ofPod(podUid)).filter(({ Labels }) => Labels[KIND] === kind)
  }

  #ofPod(podUid: string): Promise<Listed[]> {
    const before = this.#askedNow.get(podUid)
    if (before) return before
    const asked = this.with({ [POD_UID]: podUid })
    this.#askedNow.set(podUid, asked)
    // Whoever asks later may know of something that this answer does not.
    queueMicrotask(() => this.#askedNow.delete(podUid))
    return asked
  }
}
