// What an endpoint answers, before anybody has decided how it looks on a wire.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import type { ListResult } from '../registry/list.ts'
import type { Entry } from '../watch-cache/entry.ts'

export type Answer = ObjectAnswer | ListAnswer | WatchAnswer | DocumentAnswer | ConnectAnswer | ProxyAnswer

export interface ObjectAnswer {
  type: 'object'
  code: number
  object: unknown
  /** Set when the object is exactly what is stored: then its bytes need no second making. */
  stored?: { kind: AnyKind; entry: Entry }
  /** Set when it is not stored but can be shown as rows: itself, or what it lists. */
  shown?: { kind: AnyKind; objects: readonly KubeObject[] }
}

export interface ListAnswer {
  type: 'list'
  kind: AnyKind
  result: ListResult
}

/** What a watcher hears. The same one for all who watch the same, so what is made from it can be shared. */
export interface OutgoingEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  object: KubeObject
  /** The state shown; absent for bookmarks. */
  entry?: Entry
}

/** Brings an event to all who share it. */
export interface SharedSink {
  event(event: OutgoingEvent): void
}

export interface WatchSink {
  event(event: OutgoingEvent): void
  /**
   * What comes from now on may be told to all at once who watch the same – that is, `view` – and get the same for it:
   * by what is returned, which is one and the same for them. Undefined: by `event`, each alone.
   */
  shared?(view: object): SharedSink | undefined
  /** With an error, that is the last event the client sees. */
  end(error?: StatusError): void
}

export interface WatchAnswer {
  type: 'watch'
  kind: AnyKind
  /** Events may come before this returns. */
  start(sink: WatchSink): Disposable
}

/** Bytes that are no object: OpenAPI, health, metrics. */
export interface DocumentAnswer {
  type: 'document'
  code: number
  contentType: string
  body: string | Buffer
  etag?: string
  headers?: Readonly<Record<string, string>>
}

/** Answered by the kubelet of a pod's node; the front hands bytes to and fro. */
export interface ConnectAnswer {
  type: 'connect'
  host: string
  port: number
  /** With its query. */
  path: string
  /** Set where there is nothing to say, only to read: whoever asks for WebSocket gets it in messages. */
  isOutput?: true
}

/** Answered by whoever listens at an address of the cluster; the front carries HTTP there and back. */
export interface ProxyAnswer {
  type: 'proxy'
  scheme: 'http' | 'https'
  host: string
  port: number
  /** As it was written, without its query; empty when not even a slash was. */
  path: string
  /** What was written before that path. */
  prefix: string
  /** The kubelet from whose machine the address is dialled; undefined when it is a kubelet itself that is meant. */
  through: { host: string; port: number } | undefined
  /** Set for a server behind an APIService: how it is known, and who is told to it to be asking. */
  aggregated?: {
    service: { namespace: string; name: string; port: number }
    serverName: string
    /** Base64; nothing is verified without one where `isInsecure`. */
    caBundle: string | undefined
    isInsecure: boolean
    certificate: { certPem: string; keyPem: string } | undefined
    headers: Readonly<Record<string, string | string[]>>
  }
}
