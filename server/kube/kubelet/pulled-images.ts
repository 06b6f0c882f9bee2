// With whose credentials images came to this machine: who has none of them may not use what others had pulled, only because it
// lies here. Written down before and after each pull, so that a kubelet that starts anew knows it too.
//
//   image_manager/pulling/sha256-…   an image is being pulled, or was when the kubelet died
//   image_manager/pulled/sha256-…    by the image's id: for each name, all pods or the secrets and accounts that opened it
//
// Upstream: pkg/kubelet/images/pullmanager (image_pull_manager.go, image_pull_policies.go, fs_pullrecords.go).

import { createHash } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { KubeletConfiguration } from './kubelet-configuration.ts'
import type { RegistryAuth } from './registry-auth.ts'
import { timestampOf } from './timestamp.ts'

interface Whose {
  uid: string
  namespace: string
  name: string
}

interface Opened {
  nodePodsAccessible?: boolean
  kubernetesSecrets?: (Whose & { credentialHash: string })[]
  kubernetesServiceAccounts?: Whose[]
}

interface Pulled {
  lastUpdatedTime: string
  imageRef: string
  credentialMapping: Record<string, Opened>
}

export interface PulledImagesOptions {
  os: Pick<NodeOs, 'readFile' | 'writeFile' | 'remove' | 'list'>
  rootDir: string
  clock: Clock
  logger: Logger
  configuration: KubeletConfiguration
}

const API_VERSION = 'kubelet.config.k8s.io/v1beta1'
/** One that is known only by another name is noted as well, but not without end. */
const MOST_NOTED = 100

export class PulledImages {
  readonly #options: PulledImagesOptions

  constructor(options: PulledImagesOptions) {
    this.#options = options
  }

  /** Whether a pod that wants an image that is here has to show that it may have it. `auths`: what it could show. */
  async mustPull(image: string, id: string, auths: () => Promise<readonly RegistryAuth[]>): Promise<boolean> {
    const text = await this.#options.os.readFile(this.#recordOf(id))
    const record = parse(text)
    const isOurs = text !== undefined || (await this.#isBeingPulled(image))
    if (!this.#mustVerify(image, isOurs)) return false
    const opened = record?.credentialMapping[nameOf(image)]
    if (!record || !opened) return true
    if (opened.nodePodsAccessible) return false
    for (const auth of await auths()) {
      const own = openedBy(auth)
      if (!isOpenTo(opened, own)) continue
      if ((opened.kubernetesSecrets ?? []).length < MOST_NOTED) await this.#note(image, id, own)
      return false
    }
    return true
  }

  async begin(image: string): Promise<void> {
    const intent = { kind: 'ImagePullIntent', apiVersion: API_VERSION, image }
    await this.#options.os.writeFile(this.#intentOf(image), JSON.stringify(intent), { mode: 0o600 })
  }

  /** With nobody's credentials, whoever asks may have it. */
  async succeeded(image: string, id: string, auth: RegistryAuth | undefined): Promise<void> {
    try {
      await this.#note(image, id, openedBy(auth))
      await this.failed(image)
    } catch (err) {
      this.#options.logger.error('it was not written down who may use an image', { image, err })
    }
  }

  async failed(image: string): Promise<void> {
    await this.#options.os.remove(this.#intentOf(image)).catch((err: unknown) => {
      this.#options.logger.warn('an image looks as if it were still pulled', { image, err })
    })
  }

  /** Of images that are no longer there. `since`: what was written later is left. */
  async prune(ids: ReadonlySet<string>, since: number): Promise<void> {
    const { os } = this.#options
    for (const name of await os.list(this.#pulled)) {
      const record = parse(await os.readFile(`${this.#pulled}/${name}`))
      const isLater = record && Date.parse(record.lastUpdatedTime) >= since
      if (!isLater && !ids.has(record?.imageRef ?? '')) await os.remove(`${this.#pulled}/${name}`)
    }
  }

  get #pulled(): string {
    return `${this.#options.rootDir}/image_manager/pulled`
  }

  #recordOf = (id: string) => `${this.#pulled}/${fileOf(id)}`

  #intentOf = (image: string) => `${this.#options.rootDir}/image_manager/pulling/${fileOf(image)}`

  #mustVerify(image: string, isOurs: boolean): boolean {
    const { imagePullCredentialsVerificationPolicy: policy, preloadedImagesVerificationAllowlist: allowed } =
      this.#options.configuration
    if (policy === 'NeverVerify') return false
    if (policy === 'NeverVerifyPreloadedImages') return isOurs
    if (policy === 'AlwaysVerify') return true
    const name = nameOf(image)
    return !allowed.some((one) => (one.endsWith('/*') ? name.startsWith(one.slice(0, -1)) : name === one))
  }

  async #isBeingPulled(image: string): Promise<boolean> {
    return (await this.#options.os.readFile(this.#intentOf(image))) !== undefined
  }

  async #record(id: string): Promise<Pulled | undefined> {
    return parse(await this.#options.os.readFile(this.#recordOf(id)))
  }

  async #note(image: string, id: string, more: Opened): Promise<void> {
    const known = (await this.#record(id))?.credentialMapping ?? {}
    const before = known[nameOf(image)]
    const after = merged(before, more)
    if (before && JSON.stringify(before) === JSON.stringify(after)) return
    const { os, clock } = this.#options
    const record = {
      kind: 'ImagePulledRecord',
      apiVersion: API_VERSION,
      lastUpdatedTime: timestampOf(clock.now()),
      imageRef: id,
      credentialMapping: { ...known, [nameOf(image)]: after },
    }
    await os.writeFile(this.#recordOf(id), JSON.stringify(record), { mode: 0o600 })
  }
}

function openedBy(auth: RegistryAuth | undefined): Opened {
  const { secret, serviceAccount } = auth?.source ?? {}
  if (auth && secret) {
    const credentialHash = sha256(JSON.stringify([auth.username, auth.password]))
    return { kubernetesSecrets: [{ ...secret, credentialHash }] }
  }
  if (serviceAccount) return { kubernetesServiceAccounts: [serviceAccount] }
  return { nodePodsAccessible: true }
}

/** The same secret, or another with the same in it; the same account. */
function isOpenTo(opened: Opened, own: Opened): boolean {
  const secrets = (own.kubernetesSecrets ?? []).some((one) =>
    opened.kubernetesSecrets?.some((known) => known.credentialHash === one.credentialHash || isSame(known, one)),
  )
  const accounts = (own.kubernetesServiceAccounts ?? []).some((one) =>
    opened.kubernetesServiceAccounts?.some((known) => isSame(known, one)),
  )
  return secrets || accounts
}

function merged(before: Opened = {}, more: Opened): Opened {
  if (before.nodePodsAccessible || more.nodePodsAccessible) return { nodePodsAccessible: true }
  const join = <T extends Whose>(known: T[] = [], others: T[] = []) => [
    ...known.filter((one) => !others.some((other) => isSame(one, other))),
    ...others,
  ]
  const secrets = join(before.kubernetesSecrets, more.kubernetesSecrets)
  const accounts = join(before.kubernetesServiceAccounts, more.kubernetesServiceAccounts)
  return {
    ...(secrets.length > 0 ? { kubernetesSecrets: secrets } : {}),
    ...(accounts.length > 0 ? { kubernetesServiceAccounts: accounts } : {}),
  }
}

const isSame = (a: Whose, b: Whose) => a.uid === b.uid && a.namespace === b.namespace && a.name === b.name

/** Without tag and digest: whoever may have one may have all. */
const nameOf = (image: string) => image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const fileOf = (name: string) => `sha256-${sha256(name)}`

/** Half a file opens nothing to anybody. */
function parse(text: string | undefined): Pulled | undefined {
  try {
    const record = JSON.parse(text ?? '') as Partial<Pulled>
    return record.imageRef && record.credentialMapping ? (record as Pulled) : undefined
  } catch {
    return undefined
  }
}
