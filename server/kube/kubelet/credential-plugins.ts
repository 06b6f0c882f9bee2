// Credentials for registries from programs of the machine: each is asked about the images that its configuration names, by a
// question on its standard input, and what it answers is remembered for as long as it says.
// Upstream: pkg/credentialprovider/plugin/plugin.go.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { goDurationMs } from '../apimachinery/go-duration.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { CredentialPlugin, CredentialPluginConfig } from './credential-plugin-config.ts'
import { matchesPlace, type RegistryAuth, withRegistry } from './registry-auth.ts'

type Auths = Record<string, RegistryAuth>

/** Of credentialprovider.kubelet.k8s.io. */
interface Answer {
  kind?: string
  apiVersion?: string
  cacheKeyType?: 'Image' | 'Registry' | 'Global'
  cacheDuration?: string
  auth?: Auths
}

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
  async authsFor(image: string): Promise<RegistryAuth[]> {
    const repository = withRegistry(image).replace(/(?::[^/:]+)?(?:@.*)?$/, '')
    const asked = this.#config.plugins.filter(({ matchImages }) =>
      matchImages.some((place) => matchesPlace(place, repository)),
    )
    const answers = await Promise.all(asked.map((plugin) => this.#ask(plugin, repository)))
    return answers
      .flatMap((auths) => Object.entries(auths))
      .filter(([place]) => matchesPlace(place, repository))
      .sort(([one], [other]) => other.length - one.length)
      .map(([, auth]) => auth)
  }

  async #ask(plugin: CredentialPlugin, repository: string): Promise<Auths> {
    const keys = { Image: repository, Registry: repository.split('/')[0] ?? '', Global: '' }
    const keyOf = (type: keyof typeof keys) => `${plugin.name} ${type} ${keys[type]}`
    for (const type of Object.keys(keys) as (keyof typeof keys)[]) {
      const known = this.#remembered.get(keyOf(type))
      if (known && this.#clock.now() < known.until) return known.auths
    }
    try {
      const { cacheKeyType, cacheDuration, auth = {} } = await this.#run(plugin, repository)
      if (!cacheKeyType || !(cacheKeyType in keys)) {
        throw new Error(`credential provider plugin did not return a valid cacheKeyType: "${cacheKeyType ?? ''}"`)
      }
      const forMs = goDurationMs(cacheDuration ?? plugin.defaultCacheDuration) ?? 0
      for (const [key, { until }] of this.#remembered) if (this.#clock.now() >= until) this.#remembered.delete(key)
      if (forMs > 0) this.#remembered.set(keyOf(cacheKeyType), { until: this.#clock.now() + forMs, auths: auth })
      return auth
    } catch (err) {
      this.#logger.warn('failed getting credential from external registry credential provider', {
        plugin: plugin.name,
        err,
      })
      return {}
    }
  }

  async #run({ name, args = [], env = [], apiVersion }: CredentialPlugin, image: string): Promise<Answer> {
    const { exitCode, stdout, stderr } = await this.#os.run(`${this.#config.folder}/${name}`, args, {
      input: JSON.stringify({ kind: 'CredentialProviderRequest', apiVersion, image }),
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
