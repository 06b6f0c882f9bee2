import { expect, it, describe as suite } from 'vitest'
import { known } from './examples.ts'
import { describe, suggest } from './suggest.ts'

/** The bar is the cursor. */
function at(text: string): [string, number] {
  return [text.replace('¦', ''), text.indexOf('¦')]
}
const labels = (text: string) => suggest(...at(text), known)?.options.map(({ label }) => label)
const insert = (text: string, label: string) =>
  suggest(...at(text), known)?.options.find((option) => option.label === label)?.insert

const head = 'apiVersion: apps/v1\nkind: Deployment\n'
const pod = 'apiVersion: v1\nkind: Pod\n'

suite('suggest', () => {
  it.each([
    ['an empty file', '¦', ['apiVersion', 'kind', 'metadata']],
    ['the top of a known kind', `${head}¦`, ['metadata', 'spec']],
    ['a field inside', `${head}spec:\n  ¦`, ['replicas', 'selector', 'template']],
    ['a field half typed', `${head}spec:\n  rep¦`, ['replicas', 'selector', 'template']],
    ['beside others, above and below', `${head}spec:\n  replicas: 3\n  ¦\n  selector: {}\n`, ['template']],
    [
      'in an item whose dash stands below its field',
      `${pod}spec:\n  containers:\n  - ¦`,
      ['name', 'image', 'command', 'ports', 'resources'],
    ],
    [
      'in an item whose dash is indented',
      `${pod}spec:\n  containers:\n    - name: a\n      ¦`,
      ['image', 'command', 'ports', 'resources'],
    ],
    [
      'in a second item',
      `${pod}spec:\n  containers:\n  - name: a\n    image: b\n  - ¦`,
      ['name', 'image', 'command', 'ports', 'resources'],
    ],
    [
      'in a list of a list',
      `${pod}spec:\n  containers:\n  - name: a\n    ports:\n    - name: http\n      ¦`,
      ['containerPort'],
    ],
    ['back outside of a list', `${pod}spec:\n  containers:\n  - name: a\n  ¦`, ['restartPolicy', 'hostNetwork']],
    ['in a second document', `${head}---\n${pod}spec:\n  ¦`, ['containers', 'restartPolicy', 'hostNetwork']],
    [
      'after a text of several lines',
      `apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    spec:\n      x: 1\n¦`,
      ['metadata'],
    ],
  ])('offers the fields of %s', (_, text, expected) => {
    expect(labels(text)).toEqual(expected)
  })

  it.each([
    ['versions', 'apiVersion: ¦', ['v1', 'apps/v1', 'batch/v1']],
    ['kinds of the version', 'apiVersion: v1\nkind: P¦', ['Pod', 'ConfigMap', 'Service']],
    ['values', `${pod}spec:\n  restartPolicy: ¦`, ['Always', 'Never', 'OnFailure']],
    ['true and false', `${pod}spec:\n  hostNetwork: t¦`, ['true', 'false']],
  ])('offers %s', (_, text, expected) => {
    expect(labels(text)).toEqual(expected)
  })

  it.each([
    ['in a text of several lines', 'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    ki¦'],
    ['where any text may stand', `${pod}spec:\n  containers:\n  - image: ng¦`],
    ['in a comment', `${pod}# sp¦`],
    ['behind a value', `${pod}spec: {} ¦`],
    ['in a field that does not exist', `${pod}sepc:\n  ¦`],
  ])('offers nothing %s', (_, text) => {
    expect(labels(text)).toBeUndefined()
  })

  it('puts in what follows the name: a value, an object, a list', () => {
    expect(insert(`${head}spec:\n  ¦`, 'replicas')).toBe('replicas: ')
    expect(insert(`${head}spec:\n  ¦`, 'selector')).toBe('selector:\n    ')
    expect(insert(`${pod}spec:\n  ¦`, 'containers')).toBe('containers:\n    - ')
  })

  it('puts in the name alone where the colon stands already', () => {
    expect(insert(`${head}spec:\n  rep¦: 3\n`, 'replicas')).toBe('replicas')
    expect(insert(`${head}spec:\n  rep¦lcas: 3\n`, 'replicas')).toBe('replicas')
  })

  it('says which fields are required', () => {
    const [first] = suggest(...at(`${pod}spec:\n  ¦`), known)?.options ?? []
    expect(first).toMatchObject({ label: 'containers', detail: 'a list, required' })
  })
})

suite('describe', () => {
  it.each([
    [`${head}spec:\n  rep¦licas: 3\n`, { name: 'replicas', type: 'a whole number', description: 'How many Pods.' }],
    [`${pod}spec:\n  containers:\n  - ¦image: a\n`, { name: 'image', type: 'text', description: 'Which image.' }],
    [`${pod}metadata:\n  creation¦Timestamp: x\n`, { description: 'When it was made.', type: 'text' }],
  ])('says what the field is: %j', (text, expected) => {
    expect(describe(...at(text), known)).toMatchObject(expected)
  })

  it('says nothing beside a field', () => {
    expect(describe(...at(`${head}spec:\n  replicas: ¦3\n`), known)).toBeUndefined()
    expect(describe(...at(`${head}no¦thing: 3\n`), known)).toBeUndefined()
  })
})
