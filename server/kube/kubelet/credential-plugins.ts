// Credentials for registries from programs of the machine: each is asked about the images that its configuration names, by a
// question on its standard input, and what it answers is remembered for as long as it says.
// Upstream: pkg/credentialprovider/plugin/plugin.go.

import { createHash } from 'node:crypto'
import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { goDurationMs } from '../apimachinery/go-duration.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { ApiObjects } from './api-objects.ts'
import type { CredentialPlugin, CredentialPluginConfig, TokenAttributes } from './credential-plugin-config.ts'
import { matchesPlace, type RegistryAuth, withRegistry } from './registry-auth.ts'

type Auths = Record<string, RegistryAuth>

interface Known {
  auths: Auths
  /** Whose token they were given for. */
  source?: NonNullable<RegistryAuth['source']>
}

/** Of credentialprovider.kubelet.k8s.io. */
interface Answer {
  kind?: string
  apiVersion?: string
  cacheKeyType?: 'Image' | 'Registry' | 'Global'
  cacheDuration?: string
  auth?: Auths
}

/** What a plug-in that wants it is told of the pod's service account. */
interface Account {
  serviceAccountToken: string
  serviceAccountAnnotations?: Record<string, string>
}

/** As long as the API gives one to who does not say. */
const TOKEN_SECONDS = 3600
const PATIENCE_MS = 60_000

export class CredentialPlugins {
  readonly #config: CredentialPluginConfig
  readonly #os: NodeOs
  readonly #clock: Clock
  readonly #logger: Logger
  /** By plug-in, and what it said that its answer is for. */
  readonly #remembered = new Map<string, { until: number; auths: Auths }>()

  constructor(config: CredentialPluginConfig, { os, clock, logger }: { os: NodeOs; clock: Clock; logger: Logger }) {
    this.#config = config
    this.#os = os
    this.#clock = clock
    this.#logger = logger
  }

  /** The most fitting first. A plug-in that fails knows nothing, and is asked again the next time. */
  async authsFor(image: string, pod: Pod, objects: ApiObjects): Promise<RegistryAuth[]> {
    const repository = withRegistry(image).replace(/(?::[^/:]+)?(?:@.*)?$/, '')
    const asked = this.#config.plugins.filter(({ matchImages }) =>
      matchImages.some((place) => matchesPlace(place, repository)),
    )
    const answers = await Promise.all(asked.map((plugin) => this.#ask(plugin, repository, pod, objects)))
    return answers
      .flatMap(({ auths, source }) =>
        Object.entries(auths).map(([place, auth]) => [place, source ? { ...auth, source } : auth] as const),
      )
      .filter(([place]) => matchesPlace(place, repository))
      .sort(([one], [other]) => other.length - one.length)
      .map(([, auth]) => auth)
  }

  async #ask(plugin: CredentialPlugin, repository: string, pod: Pod, objects: ApiObjects): Promise<Known> {
    const keys = { Image: repository, Registry: repository.split('/')[0] ?? '', Global: '' }
    try {
      const about = plugin.tokenAttributes && (await accountOf(pod, plugin.tokenAttributes, objects))
      if (about === 'none') return { auths: {} }
      const source = about && { serviceAccount: about.owner }
      const known = (auths: Auths): Known => ({ auths, ...(source && { source }) })
      const keyOf = (type: keyof typeof keys) => `${plugin.name} ${type} ${keys[type]} ${about?.key ?? ''}`
      for (const type of Object.keys(keys) as (keyof typeof keys)[]) {
        const before = this.#remembered.get(keyOf(type))
        if (before && this.#clock.now() < before.until) return known(before.auths)
      }
      const { cacheKeyType, cacheDuration, auth = {} } = await this.#run(plugin, repository, about?.account)
      if (!cacheKeyType || !(cacheKeyType in keys)) {
        throw new Error(`credential provider plugin did not return a valid cacheKeyType: "${cacheKeyType ?? ''}"`)
      }
      const forMs = goDurationMs(cacheDuration ?? plugin.defaultCacheDuration) ?? 0
      for (const [key, { until }] of this.#remembered) if (this.#clock.now() >= until) this.#remembered.delete(key)
      if (forMs > 0) this.#remembered.set(keyOf(cacheKeyType), { until: this.#clock.now() + forMs, auths: auth })
      return known(auth)
    } catch (err) {
      this.#logger.warn('failed getting credential from external registry credential provider', {
        plugin: plugin.name,
        err,
      })
      return { auths: {} }
    }
  }

  async #run(
    { name, args = [], env = [], apiVersion }: CredentialPlugin,
    image: string,
    account?: Account,
  ): Promise<Answer> {
    const { exitCode, stdout, stderr } = await this.#os.run(`${this.#config.folder}/${name}`, args, {
      input: JSON.stringify({ kind: 'CredentialProviderRequest', apiVersion, image, ...account }),
      env: Object.fromEntries(env.map((one) => [one.name, one.value])),
      timeoutMs: PATIENCE_MS,
    })
    if (exitCode !== 0)
      throw new Error(`error execing credential provider plugin ${name}: exit status ${exitCode}: ${stderr}`)
    const answer = JSON.parse(stdout) as Answer
    if (answer.kind !== 'CredentialProviderResponse') {
      throw new Error(`failed to decode response from plugin, unexpected response kind ${answer.kind}`)
    }
    if (answer.apiVersion !== apiVersion) {
      throw new Error(
        `apiVersion from credential plugin response did not match expected apiVersion:${apiVersion}, actual apiVersion:${answer.apiVersion}`,
      )
    }
    return answer
  }
}

/** With what tells its answers apart. `none`: such a plug-in is not asked for this pod. */
async function accountOf(
  { metadata, spec }: Pod,
  wanted: TokenAttributes,
  objects: ApiObjects,
): Promise<
  { account: Account; key: string; owner: { uid: string; namespace: string; name: string } } | undefined | 'none'
> {
  const { namespace = '', name = '', uid = '' } = metadata ?? {}
  const { serviceAccountName = '' } = spec ?? {}
  if (!serviceAccountName) return wanted.requireServiceAccount ? 'none' : undefined
  const found = await objects.serviceAccount(namespace, serviceAccountName)
  const { requiredServiceAccountAnnotationKeys: required = [], optionalServiceAccountAnnotationKeys: optional = [] } =
    wanted
  const all = found.metadata?.annotations ?? {}
  // By an annotation a team may choose to have its images pulled so; the others are left alone.
  if (required.some((key) => all[key] === undefined)) return 'none'
  const told = [...required, ...optional].filter((key) => all[key] !== undefined).sort()
  const annotations = Object.fromEntries(told.map((key) => [key, all[key] ?? '']))
  const { token } = await objects.token({
    namespace,
    serviceAccount: serviceAccountName,
    audience: wanted.serviceAccountTokenAudience,
    expirationSeconds: TOKEN_SECONDS,
    pod: { name, uid },
  })
  const hash = wanted.cacheType === 'Token' ? createHash('sha256').update(token).digest('hex') : ''
  return {
    account: { serviceAccountToken: token, ...(told.length > 0 && { serviceAccountAnnotations: annotations }) },
    owner: { uid: found.metadata?.uid ?? '', namespace, name: serviceAccountName },
    key: JSON.stringify([namespace, serviceAccountName, found.metadata?.uid, annotations, hash]),
  }
}
