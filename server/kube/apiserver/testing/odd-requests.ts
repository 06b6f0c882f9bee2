// Requests that no honest client sends, made from a seed: half-right paths, headers, bodies, patches, selectors,
// tokens and watch parameters.

import { collectionPath } from '../../client/client.ts'
import { apiVersionOf } from '../../kinds/define-kind.ts'
import { builtInKinds } from '../../kinds/index.ts'
import { writeProtobuf } from '../../schemas/protobuf/protobuf.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { Dice } from '../../store/testing/seeded-random.ts'
import { SAMPLES } from './sample-objects.ts'

export interface OddRequest {
  method: string
  path: string
  headers: Record<string, string>
  body?: string | Buffer
}

const DEEP = 20_000
/** As deep as a body may be, and an object. */
const LEVELS = [9_990, 990]
/** A kind that knows of no field, and keeps whatever it is sent. */
export const FREE_KIND = {
  group: 'free.example.com',
  version: 'v1',
  kind: 'Tab',
  plural: 'tabs',
  namespaced: true,
  subresources: ['status', 'scale'],
}
const TEXTS = [
  '',
  ' ',
  'x',
  'default',
  'a=b',
  '..',
  '%2e%2e',
  '%00',
  '%',
  '%E0%A4%A',
  '%ff',
  'é',
  '\u{1f9a6}',
  '0',
  '-1',
  '1e400',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  'true',
  'null',
  '__proto__',
  'constructor',
  'x'.repeat(5000),
]
const SEGMENTS = (
  'api apis v1 apps namespaces default pods watch proxy status scale log exec openapi v2 v3 healthz ' +
  'livez metrics version configmaps bindings'
).split(' ')
const ACCEPTS = [
  '*/*',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'text/html',
  ';;;,,',
  'application/json;q=x,;as=',
  'application/json;as=Table;as=;g==v',
]
const TYPES = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  'application/json; charset=latin1',
  ';',
  '',
]
const QUERIES = (
  'labelSelector fieldSelector limit continue resourceVersion resourceVersionMatch watch ' +
  'allowWatchBookmarks sendInitialEvents timeoutSeconds timeout dryRun fieldManager fieldValidation ' +
  'force pretty includeObject gracePeriodSeconds propagationPolicy orphanDependents container tailLines ' +
  'exclude verbose hash'
).split(' ')
const SELECTOR_PARTS = [
  'app',
  'a/b',
  '=',
  '==',
  '!=',
  '!',
  'in',
  'notin',
  '(',
  ')',
  ',',
  '>',
  '<',
  ' ',
  '\\',
  'metadata.name',
  'status.phase',
  'spec.nodeName',
  '1',
  'é',
  'x'.repeat(70),
  '__proto__',
]

const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

export class OddRequests {
  readonly #dice: Dice
  readonly #schemas: Schemas

  constructor(dice: Dice, schemas: Schemas) {
    this.#dice = dice
    this.#schemas = schemas
  }

  next(): OddRequest {
    const dice = this.#dice
    const method = dice.pick([
      'GET',
      'GET',
      'GET',
      'POST',
      'POST',
      'PUT',
      'PATCH',
      'PATCH',
      'DELETE',
      'HEAD',
      'OPTIONS',
    ])
    const kind = dice.chance(0.15) ? FREE_KIND : dice.pick(builtInKinds)
    const headers: Record<string, string> = {}
    if (dice.chance(0.5)) headers.accept = dice.pick(ACCEPTS)
    if (dice.chance(0.1)) headers['accept-encoding'] = dice.pick(['gzip', 'br', ';;'])
    if (dice.chance(0.05)) headers['if-none-match'] = dice.pick(['*', '"x"'])
    if (dice.chance(0.05))
      headers['impersonate-user'] = dice.pick(['otter', 'system:serviceaccount::', 'x'.repeat(3000)])
    if (dice.chance(0.05)) headers['user-agent'] = dice.pick(['', 'curl/8', 'x'.repeat(3000)])
    const base = dice.chance(0.15)
      ? this.#path()
      : `${collectionPath(kind, kind.namespaced ? 'default' : undefined)}${this.#rest(kind.subresources)}`
    // Hooks that are let in are asked about what comes later, and nobody answers for them: that is a 500 anywhere.
    const query = kind.group === 'admissionregistration.k8s.io' ? '?dryRun=All' : this.#query()
    const path = base.includes('watch') ? `${base}?timeoutSeconds=1${query.replace('?', '&')}` : base + query
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return { method, path, headers }
    headers['content-type'] = dice.pick(TYPES)
    const sample = { kind: kind.kind, apiVersion: apiVersionOf(kind), ...SAMPLES[kind.plural]?.object }
    return { method, path, headers, body: this.#body(sample as Record<string, unknown>, headers['content-type']) }
  }

  #text(): string {
    return this.#dice.pick(TEXTS)
  }

  #path(): string {
    const { below, pick, chance } = this.#dice
    const parts = Array.from({ length: below(9) }, () => (chance(0.7) ? pick(SEGMENTS) : safe(this.#text())))
    return `/${parts.join(chance(0.1) ? '//' : '/')}`
  }

  #rest(subresources: readonly string[]): string {
    const { chance, pick } = this.#dice
    if (chance(0.4)) return ''
    const name = `/${chance(0.6) ? pick(['odd-1', 'odd-2', 'odd-3']) : safe(this.#text())}`
    return chance(0.25) ? `${name}/${pick([...subresources, 'status', 'nope'])}` : name
  }

  #query(): string {
    const { below, chance, pick } = this.#dice
    const pairs = Array.from({ length: chance(0.6) ? 1 + below(4) : 0 }, () => {
      const name = pick(QUERIES)
      return `${name}=${encodeURIComponent(this.#value(name))}`
    })
    // Nothing is to be waited for longer than that; of two the first counts.
    if (chance(0.5) || pairs.some((pair) => pair.startsWith('watch='))) pairs.unshift('timeoutSeconds=1')
    return pairs.length > 0 ? `?${pairs.join('&')}` : ''
  }

  #value(name: string): string {
    const { below, chance, pick } = this.#dice
    if (name.endsWith('Selector')) return Array.from({ length: below(8) }, () => pick(SELECTOR_PARTS)).join('')
    if (name === 'continue' && chance(0.8)) {
      const told = {
        v: pick(['meta.k8s.io/v1', 'v2', 1]),
        rv: pick([1, 5, -1, 0, 1e300, 1.5, 'x']),
        start: this.#text(),
      }
      return Buffer.from(JSON.stringify(told))
        .toString('base64url')
        .slice(chance(0.2) ? 3 : 0)
    }
    if (chance(0.4)) return pick(['1', 'true', '0', 'All', 'Strict', 'Exact', 'NotOlderThan', '5s', 'Object', 'Orphan'])
    return this.#text()
  }

  #body(sample: Record<string, unknown>, type: string): string | Buffer {
    const { chance, pick, below } = this.#dice
    const name = pick(['odd-1', 'odd-2', 'odd-3'])
    const object = { ...sample, metadata: { ...(sample.metadata as object), name } }
    if (type.endsWith('protobuf')) return this.#protobuf(object)
    if (type.startsWith('application/json-patch') && chance(0.7)) return this.#jsonPatch()
    const text = JSON.stringify(chance(0.7) ? this.#bent(object) : object)
    if (chance(0.35)) return this.#strange(text)
    if (chance(0.15)) return Buffer.from(text).subarray(0, below(text.length))
    return text
  }

  /** One place of it is something else. */
  #bent(value: unknown): unknown {
    const { chance, pick, below } = this.#dice
    if (typeof value !== 'object' || value === null || chance(0.12)) {
      return pick([
        null,
        '',
        'x',
        -1,
        0,
        1.5,
        2 ** 53,
        2n ** 53n + 1n,
        2n ** 63n - 1n,
        -(2n ** 63n),
        1e300,
        true,
        [],
        {},
        [null],
        [[]],
        { '': 1 },
        { $patch: 'delete' },
        { $patch: 'replace' },
        { '$setElementOrder/containers': [1] },
        '\u0000',
        '\ud800',
      ])
    }
    if (Array.isArray(value)) {
      const at = below(Math.max(1, value.length))
      return value.length === 0
        ? [this.#bent(null)]
        : value.map((item, index) => (index === at ? this.#bent(item) : item))
    }
    const key = chance(0.25)
      ? pick(['metadata', 'spec', 'status', 'labels', 'managedFields', '$patch', '$retainKeys', '__proto__', '', 'é'])
      : pick([...Object.keys(value), 'metadata'])
    const bent: Record<string, unknown> = { ...value }
    Object.defineProperty(bent, key, {
      value: this.#bent((value as Record<string, unknown>)[key]),
      enumerable: true,
      writable: true,
      configurable: true,
    })
    return bent
  }

  #strange(text: string): string | Buffer {
    const { pick } = this.#dice
    const within = (inner: string) =>
      `{"metadata":{"name":"odd-1","annotations":${inner}},"data":${inner},"spec":${inner}}`
    return pick([
      () => '',
      () => 'null',
      () => '[]',
      () => '"x"',
      () => `\ufeff${text}`,
      () => `${text}${text}`,
      () => within('['.repeat(DEEP) + ']'.repeat(DEEP)),
      () => within(nested(DEEP)),
      () => '['.repeat(DEEP),
      () => within(`{"${'k'.repeat(100_000)}":"v"}`),
      () => within('{"a":"1","a":"2","a":{}}'),
      () => within('9223372036854775808'),
      () => within('[9223372036854775807,{"a":-9223372036854775808}]'),
      () => within(nested(pick(LEVELS))),
      () => within('-1e999'),
      () => within('"\\ud800\\udc00\\ud800"'),
      () => Buffer.concat([Buffer.from('{"metadata":{"name":"'), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('"}}')]),
      () =>
        `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
          .split('')
          .map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[at]}`).join(',')}]`)
          .join('\n')}\nmetadata: *h`,
      () => 'a: &a\n  b: *a\n',
      () => 'metadata: !!js/function "x"\nname: !!binary "////"',
      () => '---\na: 1\n---\nb: 2\n',
      () => `${'- '.repeat(DEEP)}x`,
      () => `${'{a: '.repeat(DEEP)}1`,
      () => '? [complex, key]\n: 1\nnull: 2\n1.5: 3\n',
      () => '\t- x: [',
      () => 'metadata: {name: odd-1, labels: {a: 0o17, b: .inf, c: 2026-01-01, d: ~}}',
      () => '<<: *x',
    ])()
  }

  #protobuf(object: Record<string, unknown>): Buffer {
    const { below, pick, chance } = this.#dice
    const good = writeProtobuf(this.#schemas, object as never) ?? Buffer.from('k8s\0')
    const bytes = Buffer.from(good)
    if (chance(0.2)) return Buffer.from(Array.from({ length: below(200) }, () => below(256)))
    if (chance(0.2)) return bytes.subarray(0, below(bytes.length))
    if (chance(0.1)) return Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(2000, 0x12)])
    if (chance(0.8))
      for (let turn = below(4); turn >= 0; turn--)
        bytes[4 + below(bytes.length - 4)] = pick([0, 1, 0x7f, 0x80, 0xff, below(256)])
    return bytes
  }

  #jsonPatch(): string {
    const { below, pick } = this.#dice
    const pointer = () =>
      pick([
        '',
        '/',
        '/metadata',
        '/metadata/labels/a~1b',
        '/metadata/name',
        '/spec/containers/0',
        '/spec/containers/-',
        '/spec/x/y',
        '/spec',
        '/spec/x',
        '/~2',
        '/__proto__/x',
        'x',
        '/data',
        '/metadata/managedFields',
        '/kind',
      ])
    return JSON.stringify(
      Array.from({ length: 1 + below(4) }, () => ({
        op: pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'nope', 1]),
        path: pointer(),
        from: pointer(),
        value: this.#bent({ a: [1] }),
      })),
    )
  }
}

/** What a request line can hold; what it says is as odd as before. */
const safe = (text: string) => text.replace(/[^\x21-\x7e]|[?#]/gu, (char) => encodeURIComponent(char))
