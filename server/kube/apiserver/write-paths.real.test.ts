// The everyday ways to change things, by the kubectls that people have: what they print and what is left behind.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Kubectl, startKubectl } from './testing/kubectl.ts'

const MAP = (sky: string) => `apiVersion: v1
kind: ConfigMap
metadata: {name: colours, labels: {of: sky}}
data: {sky: ${sky}}
`

describe.each(['1.36', '1.32', '1.20'])('kubectl %s', (version) => {
  const isOld = version === '1.20'
  let started: Kubectl
  const kubectl = (...args: string[]) => started.run(args)
  const sky = () => kubectl('get', 'cm', 'colours', '-o', 'jsonpath={.data.sky}')
  const uid = () => kubectl('get', 'cm', 'colours', '-o', 'jsonpath={.metadata.uid}')

  beforeAll(async () => {
    started = await startKubectl(version)
  })
  beforeEach(async () => {
    await kubectl('delete', 'configmap', '--all')
    await kubectl('create', '-f', await started.file('colours.yaml', MAP('blue')))
  })
  afterAll(() => started[Symbol.asyncDispose]())

  it('edits, and keeps what cannot be saved', async () => {
    const edit = (script: string) => started.run(['edit', 'cm', 'colours'], { EDITOR: `sed -i ${script}` })
    expect(await edit('s/blue/grey/')).toBe('configmap/colours edited\n')
    expect(await sky()).toBe('grey')
    expect(await edit('s/nothing/nothing/')).toBe('Edit cancelled, no changes made.\n')
    expect(await edit('s/of:.sky/of:\\ "a\\ b"/')).toMatch(/configmaps "colours" (is invalid|was not valid)/)
  })

  it('replaces, in place or anew', async () => {
    const before = await uid()
    const path = await started.file('grey.yaml', MAP('grey'))
    expect(await kubectl('replace', '-f', path)).toBe('configmap/colours replaced\n')
    expect(await uid()).toBe(before)
    expect(await kubectl('replace', '--force', '-f', path)).toMatch(
      /^configmap "colours" deleted.*\nconfigmap\/colours replaced\n$/,
    )
    expect(await uid()).not.toBe(before)
  })

  it('refuses to replace what has changed since', async () => {
    const old = await started.file('old.yaml', await kubectl('get', 'cm', 'colours', '-o', 'yaml'))
    await kubectl('label', 'cm', 'colours', 'seen=yes')
    expect(await kubectl('replace', '-f', old)).toMatch(
      /Error from server \(Conflict\): error when replacing ".*": Operation cannot be fulfilled on configmaps "colours": the object has been modified; please apply your changes to the latest version and try again/,
    )
  })

  it('shows what would happen, and lets nothing happen', async () => {
    const dry = '--dry-run=server'
    const path = await started.file('grey.yaml', MAP('grey'))
    expect(await kubectl('replace', dry, '-f', path)).toBe('configmap/colours replaced (server dry run)\n')
    expect(await kubectl('apply', dry, '-f', path)).toMatch(/^configmap\/colours configured \(server dry run\)$/m)
    expect(await kubectl('delete', dry, 'cm', 'colours')).toMatch(/^configmap "colours" deleted.*\(server dry run\)\n$/)
    expect(await kubectl('create', 'configmap', 'other', dry)).toBe('configmap/other created (server dry run)\n')
    expect(await kubectl('diff', '-f', path)).toMatch(/^-\s+sky: blue\n\+\s+sky: grey$/m)
    expect(await sky()).toBe('blue')
    expect(await kubectl('get', 'cm', '-o', 'name')).toBe('configmap/colours\n')
  })

  it('deletes by label, and leaves the rest', async () => {
    await kubectl('create', 'configmap', 'other')
    expect(await kubectl('delete', 'cm', '-l', 'of=sky')).toMatch(/^configmap "colours" deleted/)
    expect(await kubectl('get', 'cm', '-o', 'name')).toBe('configmap/other\n')
  })

  it('deletes with what hangs on it, before it or not at all', async () => {
    const cascade = async (how: string) => {
      await kubectl('delete', 'cm', 'colours', `--cascade=${how}`, '--wait=false')
      const held = await kubectl('get', 'cm', 'colours', '-o', 'jsonpath={.metadata.finalizers}')
      await kubectl('patch', 'cm', 'colours', '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
      await kubectl('create', '-f', await started.file('colours.yaml', MAP('blue')))
      return held
    }
    expect(await cascade('orphan')).toBe('["orphan"]')
    expect(await cascade('foreground')).toBe('["foregroundDeletion"]')
    expect(await cascade('background')).toMatch(/NotFound/)
  })

  it('waits for a value, a condition and an end', async () => {
    if (!isOld) {
      expect(await kubectl('wait', '--for=jsonpath={.data.sky}=blue', 'cm/colours', '--timeout=5s')).toBe(
        'configmap/colours condition met\n',
      )
    }
    expect(await kubectl('wait', '--for=condition=Ready', 'cm/colours', '--timeout=1s')).toMatch(
      /timed out waiting for the condition on configmaps\/colours/,
    )
    await kubectl('delete', 'cm', 'colours', '--wait=false')
    expect(await kubectl('wait', '--for=delete', 'cm/colours', '--timeout=5s')).not.toMatch(/timed out/)
  })

  it('tells events of an object', async () => {
    // `kubectl events` came with 1.23.
    if (isOld) return
    await started.test.transport.request({
      method: 'POST',
      path: '/api/v1/namespaces/default/events',
      body: {
        metadata: { name: 'colours.1', namespace: 'default' },
        involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', name: 'colours', namespace: 'default' },
        reason: 'Painted',
        message: 'the sky is blue',
        type: 'Normal',
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
        count: 1,
      },
    })
    expect(await kubectl('events', '--for=configmap/colours')).toMatch(
      /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Normal +Painted +ConfigMap\/colours +the sky is blue\n$/,
    )
    expect(await kubectl('events', '--for=configmap/other')).toMatch(/No events found/)
  })
})
