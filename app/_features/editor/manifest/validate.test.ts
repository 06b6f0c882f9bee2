import { describe, expect, it } from 'vitest'
import { known } from './examples.ts'
import { nearest } from './nearest.ts'
import { groupVersionsIn, validate } from './validate.ts'

const says = (text: string) => validate(text, known).map(({ line, column, message }) => `${line}:${column} ${message}`)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: nginx
        image: nginx
        ports:
        - containerPort: 80
        resources:
          limits: {cpu: 500m, memory: 1Gi}
`

/** The Deployment with one place exchanged. */
const having = (from: string, to: string) => says(deployment.replace(from, to))

const pod = (spec: string) => says(`apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: []\n${spec}`)
const service = (port: string) =>
  says(`apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - ${port}\n`)

describe('validate', () => {
  it('finds nothing wrong with a good manifest', () => {
    expect(says(deployment)).toEqual([])
  })

  it('knows the field that was meant, and points at the one that is there', () => {
    expect(having('replicas', 'replcas')).toEqual(['7:3 Unknown field "spec.replcas". Did you mean "replicas"?'])
    const port = 'spec.template.spec.containers[0].ports[0]'
    expect(having('containerPort', 'containerport')).toEqual([
      `18:11 Unknown field "${port}.containerport". Did you mean "containerPort"?`,
      `18:11 ${port}.containerPort is missing, and it is required.`,
    ])
  })

  it('offers no word that is nowhere near', () => {
    expect(having('replicas: 3', 'colour: blue')).toEqual(['7:3 Unknown field "spec.colour".'])
  })

  it.each([
    ['replicas: 3', 'replicas: three', '7:13 spec.replicas must be a whole number, not text.'],
    ['replicas: 3', 'replicas: "3"', '7:13 spec.replicas must be a whole number, not text.'],
    ['replicas: 3', 'replicas: 1.5', '7:13 spec.replicas must be a whole number, not a number.'],
    ['replicas: 3', 'replicas: [3]', '7:13 spec.replicas must be a whole number, not a list.'],
    ['{app: web}\n  template', 'web\n  template', '9:18 spec.selector.matchLabels must be an object, not text.'],
    [
      'name: nginx',
      'name: 1.20',
      '15:15 spec.template.spec.containers[0].name must be text, not a number. Put quotes around it: "1.20".',
    ],
    [
      'labels: {app: web}\nspec',
      'labels: {app: yes}\nspec',
      '5:17 metadata.labels.app must be text, not true or false. Put quotes around it: "yes".',
    ],
  ])('says what a value must be: %j → %j', (from, to, problem) => {
    expect(having(from, to)).toEqual([problem])
  })

  it('takes a null for a field that was left out', () => {
    expect(having('replicas: 3', 'replicas:')).toEqual([])
    expect(having('selector:\n    matchLabels: {app: web}', 'selector:')).toEqual([
      '7:3 spec.selector is missing, and it is required.',
    ])
  })

  it('tells what is missing', () => {
    expect(says('apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n')).toEqual([
      '4:8 spec.containers is missing, and it is required.',
    ])
    expect(says('kind: Pod\n')).toEqual([
      '1:1 apiVersion is missing: it says which part of the API this is for, as in apps/v1.',
    ])
    expect(says('apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n')).toEqual([
      '3:12 metadata.name is missing: every object has a name.',
    ])
    expect(says('apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n')).toEqual([])
  })

  it('knows which kinds there are, in which version', () => {
    expect(having('Deployment', 'Deploymen')).toEqual([
      '2:7 No matches for kind "Deploymen" in version "apps/v1". Did you mean "Deployment"?',
    ])
    expect(having('apps/v1', 'app/v1')).toEqual([
      '1:13 Your cluster serves no version "app/v1". Did you mean "apps/v1"?',
    ])
  })

  it('says nothing of a kind whose schemas were not loaded', () => {
    expect(says('apiVersion: batch/v1\nkind: Job\nanything: true\n')).toEqual([])
  })

  it('looks at every document, and at every item of a List', () => {
    const one = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nextra: 1\n'
    expect(says(`${one}---\n# empty\n---\n${one}`)).toEqual([
      '4:1 Unknown field "extra".',
      '11:1 Unknown field "extra".',
    ])
    expect(says('apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pot, metadata: {name: a}}\n')).toEqual([
      '4:26 No matches for kind "Pot" in version "v1". Did you mean "Pod"?',
    ])
  })

  it.each([
    ['port: 80, targetPort: http', []],
    ['port: 80, targetPort: 8080', []],
    [
      'port: 80, targetPort: true',
      ['6:28 spec.ports[0].targetPort must be a whole number or text, not true or false.'],
    ],
  ])('lets a number or a name be a target port: %s', (port, problems) => {
    expect(service(`{${port}}`)).toEqual(problems)
  })

  it('takes quantities as numbers and as text', () => {
    expect(having('cpu: 500m', 'cpu: 0.5')).toEqual([])
    expect(having('cpu: 500m', 'cpu: [1]')[0]).toContain('limits.cpu must be text or a number, not a list')
  })

  it('names the values of a field that has only some', () => {
    expect(pod('  restartPolicy: always\n')).toEqual([
      '6:18 spec.restartPolicy must be one of Always, Never, OnFailure. Did you mean "Always"?',
    ])
  })

  it('reads YAML as kubectl does', () => {
    expect(pod('  hostNetwork: yes\n')).toEqual([])
    const data = (value: string) => says(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: ${value}\n`)
    expect(data('12:30')).toEqual([])
    expect(data('2026-01-01')).toEqual([])
    expect(data('0755')[0]).toContain('Put quotes around it: "0755"')
    expect(data('|\n    a: b\n    kind: [')).toEqual([])
  })

  it('follows anchors and merges', () => {
    expect(
      says('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: &l {app: web}}\ndata:\n  <<: *l\n  b: c\n'),
    ).toEqual([])
  })

  it('points at what is no YAML', () => {
    const [problem, ...more] = validate('kind: Pod\n  metadata: {name: a}\n', known)
    expect(problem).toMatchObject({ line: 1 })
    expect(problem?.message).toMatch(/mapping|indent/i)
    expect(more.every(({ from }) => from >= 0)).toBe(true)
    expect(says('a: 1\na: 2\n')[0]).toBe('2:1 Map keys must be unique')
    expect(says('metadata:\n\tname: a\n')[0]).toMatch(/^2:1 Tabs/)
  })

  it('is silent about an empty file, and plain about one that is no object', () => {
    expect(says('')).toEqual([])
    expect(says('# nothing yet\n')).toEqual([])
    expect(says('hello\n')).toEqual(['1:1 A manifest is an object: apiVersion, kind, metadata and what belongs to it.'])
  })
})

describe('groupVersionsIn', () => {
  it('finds what has to be loaded', () => {
    expect(groupVersionsIn('apiVersion: v1\n---\napiVersion: "apps/v1"\n---\n  - apiVersion: v1\n')).toEqual([
      'api/v1',
      'apis/apps/v1',
    ])
  })
})

describe('nearest', () => {
  it.each([
    ['replcas', 'replicas'],
    ['Replicas', 'replicas'],
    ['repilcas', 'replicas'],
    ['imge', 'image'],
    ['xyz', undefined],
    ['a', undefined],
  ])('%s → %s', (word, meant) => {
    expect(nearest(word, ['replicas', 'image', 'selector'])).toBe(meant)
  })
})
