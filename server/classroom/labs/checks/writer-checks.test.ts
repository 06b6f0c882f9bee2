import type { ConfigMap } from 'kubernetes-types/core/v1'
import { describe } from 'vitest'
import { configMapSays } from './config-map-checks.ts'
import { judge } from './testing/judged.ts'
import { view } from './testing/objects.ts'
import { typedAnswer } from './typed-answer.ts'
import { bothEditsSurvive, fieldOwnedBy } from './writer-checks.ts'

type Managed = { manager: string; operation?: 'Apply' | 'Update'; fields: string[] }

const board = (data: Record<string, string>, managed: Managed[] = [], more: Partial<ConfigMap> = {}): ConfigMap => ({
  metadata: {
    name: 'board',
    namespace: 'default',
    resourceVersion: '12',
    managedFields: managed.map(({ manager, operation = 'Apply', fields }) => ({
      manager,
      operation,
      fieldsV1: { 'f:data': Object.fromEntries(fields.map((field) => [`f:${field}`, {}])) },
    })),
  },
  data,
  ...more,
})
const says = configMapSays('board', { soup: 'pea', price: '5' })
const both = bothEditsSurvive('board', { soup: 'pea', price: '5' }, { price: '4' })
const owner = fieldOwnedBy(
  'soup',
  { kind: 'ConfigMap `board`', object: ({ configMaps }) => configMaps[0], field: '.data.soup' },
  'kitchen',
)
const maps = (...configMaps: ConfigMap[]) => view({ configMaps })

describe('a ConfigMap', () => {
  judge([
    { name: 'that says it', check: says, cluster: maps(board({ soup: 'pea', price: '5' })), state: 'ok' },
    {
      name: 'that says something else',
      check: says,
      cluster: maps(board({ soup: 'pea', price: '4' })),
      state: 'waiting',
      says: 'says `price=4`; this step wants `price=5`',
    },
    {
      name: 'with a key of another name',
      check: says,
      cluster: maps(board({ soup: 'pea', prize: '5' })),
      state: 'waiting',
      says: 'has no key `price`, only `soup` and `prize`',
    },
    {
      name: 'that will not give way',
      check: says,
      cluster: maps(board({ soup: 'pea', price: '4' }, [], { immutable: true })),
      state: 'failed',
      says: 'It is immutable',
    },
    {
      name: 'that is not there',
      check: says,
      cluster: maps(),
      state: 'waiting',
      says: 'There is no ConfigMap `board`.',
    },
  ])
})

describe('two writers', () => {
  judge([
    { name: 'both survive', check: both, cluster: maps(board({ soup: 'pea', price: '5' })), state: 'ok' },
    {
      name: 'the first is overwritten by an old copy',
      check: both,
      cluster: maps(board({ soup: 'pea', price: '4' })),
      state: 'failed',
      says: 'says `price=4` again: your copy was older',
    },
    {
      name: 'the second has not written yet',
      check: both,
      cluster: maps(board({ soup: 'tomato', price: '5' })),
      state: 'waiting',
    },
    {
      name: 'a field of one',
      check: owner,
      cluster: maps(
        board({}, [
          { manager: 'kitchen', fields: ['soup'] },
          { manager: 'office', fields: ['price'] },
        ]),
      ),
      state: 'ok',
    },
    {
      name: 'a field of two',
      check: owner,
      cluster: maps(
        board({}, [
          { manager: 'kitchen', fields: ['soup'] },
          { manager: 'office', fields: ['soup'] },
        ]),
      ),
      state: 'failed',
      says: 'has two owners: `kitchen` and `office`',
    },
    {
      name: 'a field written without apply',
      check: owner,
      cluster: maps(board({}, [{ manager: 'kitchen', operation: 'Update', fields: ['soup'] }])),
      state: 'failed',
      says: 'without apply',
    },
    {
      name: 'a field of somebody else',
      check: owner,
      cluster: maps(board({}, [{ manager: 'kubectl-patch', operation: 'Update', fields: ['soup'] }])),
      state: 'waiting',
      says: 'It belongs to `kubectl-patch`.',
    },
  ])
  const image = fieldOwnedBy(
    'image',
    {
      kind: 'Deployment `web`',
      object: () => ({
        metadata: {
          managedFields: [
            {
              manager: 'release',
              operation: 'Apply',
              fieldsV1: { 'f:spec': { 'f:containers': { 'k:{"name":"nginx"}': { 'f:image': {} } } } },
            },
          ],
        },
      }),
      field: '.spec.containers[name=nginx].image',
    },
    'release',
  )
  judge([{ name: 'a field inside a list', check: image, cluster: view({}), state: 'ok' }])
})

describe('what was typed', () => {
  const revision = typedAnswer('revision', {
    aim: '',
    right: ({ configMaps }) => configMaps[0]?.metadata?.resourceVersion,
    missing: 'There is none yet.',
    wrong: (text) => `Not ${text}.`,
  })
  const typed = (text: string) => ({ ...maps(board({})), answers: { revision: text } })
  judge([
    { name: 'nothing', check: revision, cluster: maps(board({})), state: 'waiting', says: 'type it above' },
    { name: 'the right thing, with quotes', check: revision, cluster: typed(' "12" '), state: 'ok' },
    { name: 'the wrong thing', check: revision, cluster: typed('11'), state: 'failed', says: 'Not 11.' },
    {
      name: 'something too early',
      check: revision,
      cluster: { ...view({}), answers: { revision: '12' } },
      state: 'waiting',
      says: 'There is none yet.',
    },
  ])
})
