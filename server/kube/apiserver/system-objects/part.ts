// One part of what a cluster has before anybody asks.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { isAlreadyExists } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import type { Hook } from '../post-start-hooks.ts'

export type Peek = (kind: AnyKind, namespace: string, name: string) => KubeObject | undefined

export interface SystemPart {
  /** What has been done when all of it is there. */
  hooks?: readonly Hook[]
  /** Looks at caches only: asked every few seconds. */
  isComplete(peek: Peek): boolean
  /** Makes what is missing, and mends what was made by an older version. */
  ensure(client: Client, peek: Peek): Promise<void>
}

/** Looks first: a Service of a fixed address cannot even be asked for twice. */
export async function createOnce(
  client: Client,
  peek: Peek,
  told: { kind: AnyKind; object: KubeObject },
): Promise<void> {
  const { kind, object } = told
  const { name = '', namespace = '' } = object.metadata ?? {}
  if (peek(kind, namespace, name)) return
  try {
    await client.of(kind).create(object)
  } catch (err) {
    // Another server over the same store was faster; of a Service, its address is then taken before its name is.
    if (isAlreadyExists(err)) return
    const there = await client
      .of(kind)
      .get({ namespace, name })
      .catch(() => undefined)
    if (!there) throw err
  }
}
