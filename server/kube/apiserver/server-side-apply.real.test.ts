// Server-side apply as people meet it: what kubectl says when two write one object, and how one moves over from
// client-side apply.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Kubectl, startKubectl } from './testing/kubectl.ts'

describe.each(['1.36', '1.32', '1.20'])('kubectl %s', (version) => {
  const isOld = version === '1.20'
  let started: Kubectl
  const kubectl = (...args: string[]) => started.run(args)

  beforeAll(async () => {
    started = await startKubectl(version)
  })
  beforeEach(async () => {
    await kubectl('delete', 'deployment,configmap', '--all')
  })
  afterAll(() => started[Symbol.asyncDispose]())

  const web = (spec: string) =>
    started.file(
      'web.yaml',
      `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  ${spec}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 53, protocol: TCP}, {containerPort: 53, protocol: UDP}]}]}
`,
    )
  const replicas = () => kubectl('get', 'deploy', 'web', '-o', 'jsonpath={.spec.replicas}')
  const owners = () =>
    kubectl(
      'get',
      'deploy',
      'web',
      ...SHOWN,
      '-o',
      'jsonpath={range .metadata.managedFields[*]}{.manager} {.operation};{end}',
    )
  /** Older ones show the owners always. */
  const SHOWN = isOld ? [] : ['--show-managed-fields']

  it('applies by the server, twice', async () => {
    const path = await web('replicas: 2')
    expect(await kubectl('apply', '--server-side', '-f', path)).toBe('deployment.apps/web serverside-applied\n')
    expect(await kubectl('apply', '--server-side', '-f', path)).toBe('deployment.apps/web serverside-applied\n')
    expect(await owners()).toBe('kubectl Apply;')
    const ports = '{range .spec.template.spec.containers[0].ports[*]}{.protocol}{end}'
    expect(await kubectl('get', 'deploy', 'web', '-o', `jsonpath=${ports}`)).toBe('TCPUDP')
  })

  it('tells of a conflict, and forces it', async () => {
    await kubectl('apply', '--server-side', '-f', await web('replicas: 2'))
    expect(await kubectl('scale', 'deploy', 'web', '--replicas=5')).toBe('deployment.apps/web scaled\n')
    const path = await web('replicas: 3')
    const refused = await kubectl('apply', '--server-side', '-f', path)
    expect(refused).toContain(
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas\n',
    )
    expect(refused).toContain(
      '* If you intend to manage all of these fields, please re-run the apply\n  command with the `--force-conflicts` flag.',
    )
    expect(await replicas()).toBe('5')
    expect(await kubectl('apply', '--server-side', '--force-conflicts', '-f', path)).toBe(
      'deployment.apps/web serverside-applied\n',
    )
    expect(await replicas()).toBe('3')
  })

  it('knows managers apart by their names', async () => {
    const path = await web('replicas: 2')
    await kubectl('apply', '--server-side', '--field-manager=alice', '-f', path)
    await kubectl('apply', '--server-side', '--field-manager=bob', '-f', path)
    expect(await owners()).toMatch(/^(alice Apply;bob Apply;|bob Apply;alice Apply;)$/)
    const refused = await kubectl('apply', '--server-side', '--field-manager=bob', '-f', await web('replicas: 4'))
    expect(refused).toMatch(/conflict with "alice": \.spec\.replicas/)
  })

  it('shows what would change', async () => {
    await kubectl('apply', '--server-side', '-f', await web('replicas: 2'))
    const shown = await kubectl('diff', '--server-side', '-f', await web('replicas: 4'))
    expect(shown).toMatch(/^-\s+replicas: 2\n\+\s+replicas: 4$/m)
    expect(await replicas()).toBe('2')
    expect(await kubectl('diff', '--server-side', '-f', await web('replicas: 2'))).toBe('')
  })

  it('takes over what client-side apply has made', async () => {
    const path = await web('replicas: 2')
    expect(await kubectl('apply', '-f', path)).toBe('deployment.apps/web created\n')
    expect(await owners()).toBe('kubectl-client-side-apply Update;')
    const next = await web('replicas: 3')
    expect(await kubectl('apply', '--server-side', '-f', next)).toBe('deployment.apps/web serverside-applied\n')
    expect(await replicas()).toBe('3')
    // Since 1.26 kubectl makes the old owner's fields its own, and applies the annotation under a name apart; before,
    // only what conflicts changed hands.
    const left = isOld
      ? ['kubectl Apply', 'kubectl-client-side-apply Update']
      : ['kubectl Apply', 'kubectl-last-applied Apply']
    expect((await owners()).split(';').filter(Boolean).sort()).toEqual(left)
    const lastApplied = await kubectl('apply', 'view-last-applied', 'deploy/web')
    expect(lastApplied, 'kept true, so that one can go back').toMatch(/replicas: 3/)
    expect(await kubectl('apply', '-f', next)).toMatch(/^deployment\.apps\/web (unchanged|configured)\n$/)
  })

  it('hides who owns what, unless asked', async () => {
    await kubectl('create', 'configmap', 'colours', '--from-literal=sky=blue')
    const plain = await kubectl('get', 'cm', 'colours', '-o', 'yaml')
    if (!isOld) expect(plain).not.toMatch(/managedFields/)
    const shown = await kubectl('get', 'cm', 'colours', '-o', 'yaml', ...SHOWN)
    expect(shown).toMatch(
      / {2}managedFields:\n {2}- apiVersion: v1\n {4}fieldsType: FieldsV1\n {4}fieldsV1:\n {6}f:data:\n/,
    )
    expect(shown).toMatch(/manager: kubectl-create\n {4}operation: Update\n {4}time: "/)
  })

  it('refuses what a kind does not know', async () => {
    const path = await web('replcas: 2')
    expect(await kubectl('apply', '--server-side', '--validate=false', '-f', path)).toMatch(
      /FAILED Error from server: failed to create typed patch object \(default\/web; apps\/v1, Kind=Deployment\): \.spec\.replcas: field not declared in schema/,
    )
    expect(await kubectl('get', 'deploy', 'web')).toMatch(/NotFound/)
  })
})
