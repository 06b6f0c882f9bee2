import type { ServiceAccount as CoreServiceAccount, Secret as Wire } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { ACCOUNT_NAME, ACCOUNT_UID, TOKEN_SECRET } from '../../kinds/legacy-token.ts'
import { Secret } from '../../kinds/secret.ts'
import { ServiceAccount } from '../../kinds/service-account.ts'

export interface LegacyTokenSubject {
  namespace: string
  secret: string
  account: string
  uid: string
}

/** With the key that signs all tokens of service accounts; the token lasts as long as its Secret. */
export type SignLegacyToken = (subject: LegacyTokenSubject) => Promise<string>

interface Options {
  rootCaPem: string
  sign: SignLegacyToken
}

/**
 * Fills the Secrets in which somebody asks for a token that does not expire, and takes them away with their account.
 * Upstream: kubernetes/pkg/controller/serviceaccount/tokens_controller.go.
 */
class TokenReconciler implements Reconciler {
  readonly #secrets: Lister<Wire>
  readonly #options: Options
  /** Of Secrets that are gone, which account still may name them. */
  readonly #named = new Map<string, { account: string; uid: string | undefined }>()

  constructor(view: ClusterView, options: Options) {
    this.#secrets = view.cache(Secret)
    this.#options = options
    view.onChange(Secret, ({ type, object }) => {
      if (type !== 'deleted' || object.type !== TOKEN_SECRET) return
      const { [ACCOUNT_NAME]: account = '', [ACCOUNT_UID]: uid } = object.metadata?.annotations ?? {}
      this.#named.set(keyOf(object), { account, uid })
    })
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const { key, client, report } = context
    const secret = this.#secrets.get(key)
    if (!secret) return this.#forget(context)
    this.#named.delete(key)
    if (secret.type !== TOKEN_SECRET || secret.metadata?.deletionTimestamp) return
    report.sees(secret)
    const { namespace = '', name = '', uid = '', annotations = {} } = secret.metadata ?? {}
    // Asked of the server: an account that this cache has not heard of yet must not cost its Secret.
    const account = await client
      .of(ServiceAccount)
      .get({ namespace, name: annotations[ACCOUNT_NAME] ?? '' })
      .catch((err) => {
        if (isNotFound(err)) return undefined
        throw err
      })
    if (!account || (annotations[ACCOUNT_UID] && annotations[ACCOUNT_UID] !== account.metadata?.uid)) {
      await client.of(Secret).delete({ namespace, name }, { uid })
      report.did.push('deleted it: its account is not there')
      return
    }
    const data = await this.#dataOf(secret, account)
    const isWhole = Object.entries(data).every(([field, value]) => secret.data?.[field] === value)
    if (isWhole && annotations[ACCOUNT_UID]) return
    const metadata = { ...secret.metadata, annotations: { ...annotations, [ACCOUNT_UID]: account.metadata?.uid ?? '' } }
    await client.of(Secret).update({ ...secret, metadata, data: { ...secret.data, ...data } })
    report.did.push('filled it')
  }

  /** What an account names in `.secrets` is there. */
  async #forget({ key, client, report }: ReconcileContext): Promise<void> {
    const named = this.#named.get(key)
    if (!named) return
    const [namespace = '', secretName] = key.split('/')
    const accounts = client.of(ServiceAccount)
    try {
      const account = await accounts.get({ namespace, name: named.account })
      const secrets = account.secrets?.filter(({ name }) => name !== secretName) ?? []
      const isMeant = !named.uid || named.uid === account.metadata?.uid
      if (isMeant && secrets.length !== (account.secrets?.length ?? 0)) {
        const { secrets: _, ...rest } = account
        await accounts.update(secrets.length > 0 ? { ...rest, secrets } : rest)
        report.did.push(`took it off ${named.account}`)
      }
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
    this.#named.delete(key)
  }

  /** What is there already stays, except an authority that is another by now. */
  async #dataOf({ metadata, data = {} }: Wire, account: CoreServiceAccount): Promise<Record<string, string>> {
    const { namespace = '', name = '' } = metadata ?? {}
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const subject = { namespace, secret: name, account: account.metadata?.name ?? '', uid: account.metadata?.uid ?? '' }
    return {
      ...(this.#options.rootCaPem ? { 'ca.crt': base64(this.#options.rootCaPem) } : {}),
      namespace: data.namespace || base64(namespace),
      token: data.token || base64(await this.#options.sign(subject)),
    }
  }
}

export const serviceAccountTokenController = (options: Options) =>
  controller('serviceaccount-token')
    .actsAsManager()
    .for(Secret)
    .watches(ServiceAccount, ({ type, object }, view) =>
      type === 'deleted'
        ? view
            .cache(Secret)
            .list()
            .filter(({ type, metadata }) => type === TOKEN_SECRET && metadata?.namespace === object.metadata?.namespace)
            .map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)
        : [],
    )
    .reconcileWith((view) => new TokenReconciler(view, options))
