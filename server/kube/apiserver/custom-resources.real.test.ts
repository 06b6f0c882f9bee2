// The CronTab story of Kubernetes' documentation ("Extend the Kubernetes API with CustomResourceDefinitions"), told by the
// kubectls that people have.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Kubectl, startKubectl } from './testing/kubectl.ts'

const DEFINITION = (more = '') => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What runs, and when.
            required: [cronSpec]
            x-kubernetes-validations:
            - {rule: "self.replicas <= 5", message: "five are enough"}
            properties:
              cronSpec: {type: string, pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$', description: In the words of cron.}
              image: {type: string}
              since: {type: integer, format: int64}
              replicas: {type: integer, minimum: 1, default: 1}
          status: {type: object, properties: {replicas: {type: integer}, labelSelector: {type: string}}}
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.labelSelector}
    additionalPrinterColumns:
    - {name: Spec, type: string, jsonPath: .spec.cronSpec}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
${more}`

const TAB = (spec: string) => `apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: my-new-cron-object}
spec: {${spec}}
`

describe.each(['1.36', '1.32'])('kubectl %s', (version) => {
  let started: Kubectl
  const kubectl = (...args: string[]) => started.run(args)
  const applied = async (text: string, ...args: string[]) =>
    kubectl('apply', '-f', await started.file('applied.yaml', text), ...args)

  beforeAll(async () => {
    started = await startKubectl(version)
  })
  afterAll(() => started[Symbol.asyncDispose]())

  it('makes the definition and waits until it is served', async () => {
    expect(await applied(DEFINITION())).toBe(
      'customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com created\n',
    )
    const waited = await kubectl(
      'wait',
      '--for=condition=Established',
      'crd/crontabs.stable.example.com',
      '--timeout=60s',
    )
    expect(waited).toContain('condition met')
    expect(await kubectl('get', 'crd')).toMatch(/^NAME +CREATED AT\ncrontabs\.stable\.example\.com +\d{4}-/)
    expect(await kubectl('api-resources', '--api-group=stable.example.com')).toMatch(
      /^crontabs +ct +stable\.example\.com\/v1 +true +CronTab$/m,
    )
  })

  it('makes objects, shows them by any of their names, and says what is wrong with others', async () => {
    expect(await applied(TAB("cronSpec: '* * * * */5', image: my-awesome-cron-image"))).toBe(
      'crontab.stable.example.com/my-new-cron-object created\n',
    )
    for (const name of ['crontab', 'crontabs', 'ct', 'CronTab', 'crontabs.v1.stable.example.com']) {
      expect(await kubectl('get', name)).toMatch(/^NAME +SPEC +REPLICAS\nmy-new-cron-object +\* \* \* \* \*\/5 +1\n$/)
    }
    expect(await kubectl('get', 'all')).toContain('crontab.stable.example.com/my-new-cron-object')
    expect(await kubectl('describe', 'ct')).toMatch(/Cron Spec: +\* \* \* \* \*\/5/)
    expect(await applied(TAB("cronSpec: '* * * *'"))).toContain('spec.cronSpec in body should match')
    expect(await applied(TAB("cronSpec: '* * * * */5', replicas: 6"))).toContain('spec: Invalid value: five are enough')
    expect(await applied(TAB("cronSpec: '* * * * */5', imag: x"), '--validate=strict')).toMatch(
      /unknown field "spec\.imag"/,
    )
    expect(await applied(TAB("cronSpec: '* * * * */5', imag: x"), '--server-side', '--force-conflicts')).toContain(
      '.spec.imag: field not declared in schema',
    )
  })

  it('explains', async () => {
    expect(await kubectl('explain', 'crontab.spec')).toMatch(
      /What runs, and when\.[\s\S]*cronSpec\t<string> -required-/,
    )
    expect(await kubectl('explain', 'ct', '--recursive')).toMatch(/spec\t<Object>[\s\S]*replicas\t<integer>/)
  })

  it('scales, patches, labels and waits as with any other object', async () => {
    expect(await kubectl('scale', '--replicas=3', 'crontab/my-new-cron-object')).toBe(
      'crontab.stable.example.com/my-new-cron-object scaled\n',
    )
    expect(
      await kubectl(
        'patch',
        'ct',
        'my-new-cron-object',
        '--type=merge',
        '-p',
        '{"spec":{"image":"other","since":9007199254740993}}',
      ),
    ).toContain('patched')
    expect(await kubectl('patch', 'ct', 'my-new-cron-object', '-p', '{"spec":{"image":"other"}}')).toContain(
      'application/strategic-merge-patch+json is not supported by stable.example.com/v1, Kind=CronTab',
    )
    expect(
      await kubectl(
        'get',
        'ct',
        'my-new-cron-object',
        '-o',
        'jsonpath={.spec.replicas} {.spec.image} {.spec.since} {.metadata.generation}',
      ),
    ).toBe('3 other 9007199254740993 3')
    expect(await kubectl('label', 'ct', '--all', 'seen=yes')).toContain('labeled')
    expect(await kubectl('get', 'ct', '-l', 'seen=yes', '-o', 'name')).toBe(
      'crontab.stable.example.com/my-new-cron-object\n',
    )
  })

  it('is reached as old texts tell it, through kubectl proxy', async () => {
    const home = dirname(await started.file('empty', ''))
    const proxy = spawn(resolve(`.cache/bin/kubectl-${version}`), ['proxy', '--port=0'], {
      env: { ...process.env, KUBECONFIG: join(home, 'conf'), HOME: home },
    })
    const [line] = (await once(proxy.stdout, 'data')) as [Buffer]
    const [, address] = /serve on (\S+)/.exec(line.toString()) ?? []
    const answer = await fetch(`http://${address}/apis/stable.example.com/v1/namespaces/default/crontabs`)
    expect(await answer.json()).toMatchObject({
      kind: 'CronTabList',
      items: [{ metadata: { name: 'my-new-cron-object' } }],
    })
    const ended = once(proxy, 'exit')
    proxy.kill()
    await ended
  })

  it('deletes the definition, and with it all that it defined', async () => {
    expect(await kubectl('delete', 'crd', 'crontabs.stable.example.com', '--timeout=60s')).toContain('deleted')
    // Those that remember what was served ask, and are told.
    expect(await kubectl('get', 'crontabs')).toMatch(
      /doesn't have a resource type "crontabs"|could not find the requested resource/,
    )
  })
})
