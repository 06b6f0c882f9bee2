// What a CRI runtime says of its containers in full, asked for once in each state: nothing else about them changes without us.

import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Clock } from '../../../base/clock.ts'
import type { DecodedOf } from '../../../base/protobuf.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { ContainerStatus } from '../container-runtime.ts'
import { POD_UID, TERMINATION_MESSAGE_PATH, TERMINATION_MESSAGE_POLICY } from '../labels.ts'
import { lastWordsOf } from '../last-words.ts'
import { CALL_MS, type CriClient, tolerate } from './cri-client.ts'
import { readLogs } from './cri-logs.ts'
import { containerStatusOf, notesIn, resourcesIn, stateOf } from './cri-status.ts'
import { type Container as CriContainer, type ContainerStatus as CriStatus, recordOf, VERBS } from './messages.ts'

export interface KnownContainer {
  status: ContainerStatus
  logPath: string
}
type Listed = DecodedOf<typeof CriContainer>

export class KnownContainers {
  readonly #client: CriClient
  readonly #os: NodeOs
  readonly #clock: Clock
  readonly #known = new Map<string, KnownContainer>()

  constructor({ client, os, clock }: { client: CriClient; os: NodeOs; clock: Clock }) {
    this.#client = client
    this.#os = os
    this.#clock = clock
  }

  async list(podUid?: string): Promise<KnownContainer[]> {
    const wanted = (await this.listed()).filter(({ labels }) => !podUid || recordOf(labels)[POD_UID] === podUid)
    const known = await Promise.all(wanted.map((one) => this.#inFull(one)))
    return known.filter((one) => one !== undefined)
  }

  async of(id: string): Promise<KnownContainer> {
    const listed = (await this.listed()).find((one) => one.id === id)
    const known = listed && (await this.#inFull(listed))
    if (!known) throw new Error(`No such container: ${id}`)
    return known
  }

  /** In short, as the runtime lists them. */
  async listed(): Promise<Listed[]> {
    return (await this.#client.call(VERBS.listContainers, {})).containers
  }

  forget(id: string): void {
    this.#known.delete(id)
  }

  async #inFull(listed: Listed): Promise<KnownContainer | undefined> {
    const before = this.#known.get(listed.id)
    if (before?.status.state === stateOf(listed)) return before
    const told = await tolerate(this.#client.call(VERBS.containerStatus, { containerId: listed.id, verbose: true }))
    if (!told?.status) return undefined
    const { status, info } = told
    const lastWords = stateOf(status) === 'exited' ? await this.#lastWordsOf(status) : ''
    const resources = resourcesIn(notesIn(info))
    const known = { status: containerStatusOf(listed, status, { resources, lastWords }), logPath: status.logPath }
    this.#known.set(listed.id, known)
    return known
  }

  #lastWordsOf({ annotations, mounts, exitCode, logPath }: DecodedOf<typeof CriStatus>): Promise<string> {
    const told = recordOf(annotations)
    const file = mounts.find(({ containerPath }) => containerPath === told[TERMINATION_MESSAGE_PATH])?.hostPath
    const lastLines = async (tailLines: number) => {
      const options = { follow: false, timestamps: false, tailLines, signal: AbortSignal.timeout(CALL_MS) }
      return text(Readable.from(readLogs(logPath, options, { isOver: async () => true, clock: this.#clock })))
    }
    return lastWordsOf({ exitCode, policy: told[TERMINATION_MESSAGE_POLICY], file, lastLines }, this.#os)
  }
}
