// What volumes show: contents, modes and owners, what has changed meanwhile, and paths inside of them.

import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { configMap, type Seat, secret } from './seat.ts'

export function volumesShow(seat: () => Seat): void {
  it('ConfigMap, Secrets, Downward API and Projected: contents and modes of each file', async () => {
    await seat().ended('shows')
    const both = (name: string, mode: number) => ({
      [`${name}/data-1`]: `${mode} value-1`,
      [`${name}/data-2`]: `${mode} value-2`,
    })
    const item = (name: string, mode: number) => ({ [`${name}/path/to/data-2`]: `${mode} value-2` })
    const told = (name: string) => ({
      [`${name}/all_cpu`]: expect.stringMatching(/^644 [1-9]\d*$/),
      [`${name}/all_memory`]: expect.stringMatching(/^644 [1-9]\d{8,}$/),
      [`${name}/cpu_limit`]: '644 2',
      [`${name}/cpu_request`]: '644 1',
      [`${name}/memory_limit`]: '644 67108864',
      [`${name}/memory_request`]: '644 33554432',
      [`${name}/podname`]: '644 shows',
      [`${name}/secret-name`]: '400 shows',
    })
    expect(filesIn(await seat().logs('shows'))).toEqual({
      ...both('config', 644),
      ...both('config-0400', 400),
      ...item('config-item', 644),
      ...item('config-item-0400', 400),
      ...both('secret', 644),
      ...both('secret-0400', 400),
      ...item('secret-item', 644),
      ...item('secret-item-0400', 400),
      ...both('p-config', 644),
      ...both('p-config-0400', 400),
      ...item('p-config-item-0400', 400),
      ...both('p-secret', 644),
      ...both('p-secret-0400', 400),
      ...item('p-secret-item-0400', 400),
      ...told('downward'),
      'downward-0400/podname': '400 shows',
      ...told('combined'),
      'combined/config': '644 value-1',
      'combined/secret': '644 value-1',
      'config/dump': '644 deca',
      'config-0400/dump': '400 deca',
      'p-config/dump': '644 deca',
      'p-config-0400/dump': '400 deca',
    })
  })

  it('the same as somebody else, with a group of the pod', async () => {
    await seat().ended('shows-others')
    expect(filesIn(await seat().logs('shows-others'))).toEqual({
      'config/data-1': '644 value-1',
      'config/data-2': '644 value-2',
      'config/dump': '644 deca',
      'secret/data-1': '440 value-1',
      'secret/data-2': '440 value-2',
      'projected/data-1': '440 value-1',
      'projected/data-2': '440 value-2',
      group: '1001 1001',
    })
  })

  it('EmptyDir volumes should support each mode, on disk and in memory, and be shared between containers', async () => {
    const wanted = ['disk', 'memory'].flatMap((name) => [
      name === 'disk' ? expect.stringMatching(/^disk 777 (?!tmpfs)/) : 'memory 777 tmpfs',
      ...[644, 666, 777].map((mode) => `${name} ${mode} mount-tester`),
    ])
    for (const name of ['writes', 'writes-as-other']) {
      await seat().ended(name)
      expect(await seat().logs(name)).toEqual(wanted)
    }
    await seat().ended('shares')
    expect(await seat().logs('shares')).toEqual(['hello from the sub container'])
  })

  it('Subpath: a file of each atomic writer volume, also over a file that is there', async () => {
    expect((await seat().ended('inside')).status?.phase).toBe('Succeeded')
    expect((await seat().logs('inside')).join('')).toBe('value-1insidevalue-1value-1value-2')
  })
}

/** Changes what the Pod `follows` shows, and resolves when its volumes show that. */
export async function followChanges({ says, apply, patch, exec }: Seat): Promise<void> {
  // One of many that start at once.
  await says('wait pod follows --for=condition=Ready --timeout=110s')
  await apply(configMap('appears', { data: 'value-1' }), secret('appears', { data: 'value-1' }))
  await apply(configMap('changes', { data: 'value-2' }), secret('changes', { data: 'value-2' }))
  await says('delete configmap/goes secret/goes')
  await patch('/api/v1/namespaces/default/pods/follows', {
    metadata: { labels: { key3: 'value3' }, annotations: { builder: 'foo' } },
  })
  const kinds = ['config', 'p-config', 'p-secret', 'secret']
  const wanted = [
    ...kinds.map((kind) => `appears-${kind}/data value-1`),
    ...kinds.map((kind) => `changes-${kind}/data value-2`),
    'downward/labels key1="value1"',
    'key3="value3"',
    'builder="foo"',
  ].join('\n')
  const look =
    'cd /v; for f in */data downward/labels; do echo "$f $(cat $f)"; done; grep ^builder= downward/annotations'
  let last = ''
  const reflected = async () => {
    last = (await exec('follows', look)).trim()
    return last === wanted
  }
  await until('all is reflected', reflected, 150_000, 1000).catch((err: unknown) => {
    throw new Error(`${String(err)}\n${last}`)
  })
}

/** What each file's line says of it. */
const filesIn = (lines: string[]) =>
  Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
