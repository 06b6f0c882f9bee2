// The outcomes a caller has to expect, each by name. Messages are etcd's own (api/v3rpc/rpctypes/error.go), because
// the API server's clients and etcdctl's users see them.

export class StoreError extends Error {
  override readonly name: string = 'StoreError'
}

export class CompactedError extends StoreError {
  override readonly name = 'CompactedError'
  readonly compactRevision: number
  constructor(compactRevision: number) {
    super('etcdserver: mvcc: required revision has been compacted')
    this.compactRevision = compactRevision
  }
}

export class FutureRevisionError extends StoreError {
  override readonly name = 'FutureRevisionError'
  constructor() {
    super('etcdserver: mvcc: required revision is a future revision')
  }
}

/** The request makes no sense: an empty key, the same key written twice in one transaction, … */
export class InvalidRequestError extends StoreError {
  override readonly name = 'InvalidRequestError'
}

export const tooLarge = () => new InvalidRequestError('etcdserver: request is too large')

/** Larger than the store takes: this one and a real etcd say so in the same words. */
export function isTooLarge(err: unknown): err is InvalidRequestError {
  return err instanceof InvalidRequestError && err.message.includes('request is too large')
}

export class LeaseNotFoundError extends StoreError {
  override readonly name = 'LeaseNotFoundError'
  constructor() {
    super('etcdserver: requested lease not found')
  }
}

export class LeaseExistsError extends StoreError {
  override readonly name = 'LeaseExistsError'
  constructor() {
    super('etcdserver: lease already exists')
  }
}

export class LeaseTtlError extends StoreError {
  override readonly name = 'LeaseTtlError'
  constructor() {
    super('etcdserver: too large lease TTL')
  }
}

export class StoreClosedError extends StoreError {
  override readonly name = 'StoreClosedError'
  constructor() {
    super('etcdserver: server stopped')
  }
}

/** No member of etcd answers, or none that has a leader. Whether a write was done is not known. */
export class StoreUnavailableError extends StoreError {
  override readonly name = 'StoreUnavailableError'
}

/** Another process, or another store in this one, has the directory open. */
export class StoreLockedError extends StoreError {
  override readonly name = 'StoreLockedError'
  constructor(directory: string, options?: ErrorOptions) {
    super(`store ${directory} is in use by another process`, options)
  }
}

/** The disk refused a write. What it has kept is unknown, so nothing is written after it (the lesson of "fsyncgate"). */
export class StoreFailedError extends StoreError {
  override readonly name = 'StoreFailedError'
  constructor(cause: unknown) {
    super(`etcdserver: the disk failed a write, the store takes no more: ${String(cause)}`, { cause })
  }
}

/** There is no room for a write, which has not been done; what is there can still be read. */
export class NoSpaceError extends StoreError {
  override readonly name = 'NoSpaceError'
  constructor(options?: ErrorOptions) {
    super('etcdserver: mvcc: database space exceeded', options)
  }
}

/** What is on the disk is not what was written. Nothing is repaired by guessing. */
export class CorruptStoreError extends StoreError {
  override readonly name = 'CorruptStoreError'
  readonly file: string
  readonly offset: number
  constructor({ file, offset, problem }: { file: string; offset: number; problem: string }) {
    super(`store is corrupt: ${file} at offset ${offset}: ${problem}`)
    this.file = file
    this.offset = offset
  }
}
