// Every kind that is served, through stock kubectl: explained to its last field, made, shown, described, applied again with
// a change, and deleted. Many kinds to a call, so that it stays quick.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../apimachinery/json.ts'
import { mergePatch } from '../apimachinery/patch/merge-patch.ts'
import { type AnyKind, apiVersionOf } from '../kinds/define-kind.ts'
import { builtInKinds } from '../kinds/index.ts'
import { servedKinds } from '../kinds/other-version.ts'
import { crontabs } from './testing/crontab.ts'
import { type Kubectl, startKubectl } from './testing/kubectl.ts'
import { type Sample, sampleOf } from './testing/sample-objects.ts'

/** Kinds that the conformance table leaves to tests of their own. */
const OTHERS: Readonly<Record<string, Sample>> = {
  CustomResourceDefinition: {
    name: 'crontabs.stable.example.com',
    object: crontabs(),
    patch: { spec: { names: { ...crontabs().spec.names, categories: ['all', 'tabs'] } } },
  },
  APIService: {
    name: 'v1.elsewhere.example.com',
    object: {
      spec: {
        group: 'elsewhere.example.com',
        version: 'v1',
        service: { namespace: 'default', name: 'elsewhere' },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 10,
      },
    },
    patch: { spec: { versionPriority: 20 } },
  },
}

const kinds = servedKinds(builtInKinds)

function manifestOf(kind: AnyKind, isChanged = false): JsonObject {
  const sample = OTHERS[kind.kind] ?? sampleOf(kind)
  if (!sample) throw new Error(`no sample of ${kind.kind} in testing/sample-objects.ts`)
  // In two versions or groups of one kind these are two objects.
  const name = sample.name ?? [...kind.group.split('.', 1), kind.version, 'sample'].filter(Boolean).join('-')
  const object = {
    ...sample.object,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { name, ...(kind.namespaced ? { namespace: 'default' } : {}) },
  } as unknown as JsonObject
  return isChanged ? (mergePatch(object, sample.patch as JsonObject) as JsonObject) : object
}

const listOf = (items: JsonObject[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items })

/** As kubectl names it: `deployment.apps/conform`. */
const named = (kind: AnyKind) => {
  const { metadata } = manifestOf(kind)
  return `${kind.singular}${kind.group ? `.${kind.group}` : ''}/${(metadata as { name: string }).name}`
}

/** The one kind of all that is deprecated. */
const DEPRECATION = 'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n'

const linesOf = (text: string) => text.trim().split('\n').sort()

describe.each(['1.36', '1.20'])('kubectl %s and every kind', (version) => {
  let started: Kubectl
  let all = ''
  let changed = ''
  const kubectl = async (...args: string[]) => (await started.run(args)).replaceAll(DEPRECATION, '')

  beforeAll(async () => {
    started = await startKubectl(version)
    await kubectl('create', 'serviceaccount', 'default')
    all = await started.file('all.json', listOf(kinds.map((kind) => manifestOf(kind))))
    changed = await started.file('changed.json', listOf(kinds.map((kind) => manifestOf(kind, true))))
  })
  afterAll(() => started[Symbol.asyncDispose]())

  it('explains all that it lists, in the version that it lists', { timeout: 120_000 }, async () => {
    const told = (await kubectl('api-resources', '--no-headers')).trim().split('\n')
    // 1.20 looks for a kind by the name of the resource alone, and finds the pods that everybody has.
    const lines = told.filter((line) => version !== '1.20' || !line.includes('metrics.k8s.io'))
    expect(lines.length).toBeGreaterThan(builtInKinds.length)
    const failures: string[] = []
    const worker = async () => {
      for (let line = lines.pop(); line; line = lines.pop()) {
        const [, name = '', apiVersion = '', kind = ''] = /^(\S+) .*? (\S+) +(?:true|false) +(\S+)$/.exec(line) ?? []
        const explained = await kubectl('explain', name, `--api-version=${apiVersion}`, '--recursive')
        const isWhole = new RegExp(`KIND: +${kind}\\n[^]*FIELDS:\\n[^]*metadata\\s+<`).test(explained)
        if (!isWhole) failures.push(`${line}\n${explained}`)
      }
    }
    await Promise.all([worker(), worker()])
    expect(failures).toEqual([])
  })

  it('makes, shows and describes one of each', async () => {
    expect(linesOf(await kubectl('apply', '-f', all))).toEqual(kinds.map((kind) => `${named(kind)} created`).sort())
    const shown = await kubectl('get', '-f', all)
    // Rows of events do not begin with a name.
    for (const kind of kinds) if (kind.kind !== 'Event') expect(shown).toContain(`${named(kind)} `)
    // 1.20 describes some kinds in beta versions that v1.36 no longer serves.
    if (version === '1.20') return
    const described = await kubectl('describe', '-f', all)
    expect(described).not.toContain('FAILED')
    expect(described.match(/^Name: /gm)).toHaveLength(kinds.length)
  })

  it('writes nothing where nothing is new, and finds no difference', async () => {
    const revisions = () => kubectl('get', '-f', all, '-o', 'jsonpath={.items[*].metadata.resourceVersion}')
    const before = await revisions()
    // It says "configured" where a list has defaults that the file does not, as everywhere.
    expect(await kubectl('apply', '-f', all)).not.toContain('FAILED')
    expect(await kubectl('diff', '-f', all)).toBe('')
    expect(await revisions()).toBe(before)
  })

  it('changes what is changed', async () => {
    const applied = await kubectl('apply', '-f', changed)
    expect(linesOf(applied)).toEqual(kinds.map((kind) => `${named(kind)} configured`).sort())
    expect(await kubectl('diff', '-f', changed)).toBe('')
  })

  it('takes each over from its first kind of apply to the server’s, and deletes it', async () => {
    const applied = await kubectl('apply', '--server-side', '--force-conflicts', '-f', changed)
    expect(linesOf(applied)).toEqual(kinds.map((kind) => `${named(kind)} serverside-applied`).sort())
    const deleted = await kubectl('delete', '-f', changed, '--wait=false')
    expect(deleted).not.toMatch(/FAILED/)
    expect(deleted.match(/ deleted/g)).toHaveLength(kinds.length)
  })
})
