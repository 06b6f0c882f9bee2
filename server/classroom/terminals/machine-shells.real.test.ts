// A shell on a real machine of a real cluster: what Kubernetes hides can be seen there.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { type ClusterHost, type ClusterInfo, spawnClusterHost } from '../../kube/cluster/index.ts'
import { Pod } from '../../kube/kinds/index.ts'
import type { DataCentre } from '../../machines/index.ts'
import { openTestDataCentre, TEST_STATE_DIR } from '../../machines/test-data-centre.ts'
import { nodeIsReady } from '../../observe/index.ts'
import { type ClusterWatch, watchCluster } from '../sandboxes/cluster-watch.ts'
import { containerShells } from './container-shells.ts'
import type { Shells } from './shell.ts'
import { TerminalRoom } from './terminal-room.ts'

const CLUSTER = 'test-machine-shells'
const options = { clock: systemClock, logger: noLogger, random: Math.random }

let dataCentre: DataCentre
let host: (ClusterHost & AsyncDisposable) | undefined
let info: ClusterInfo
let watch: ClusterWatch
let room: TerminalRoom
let shells: Shells

beforeAll(async () => {
  dataCentre = await openTestDataCentre()
  host = await spawnClusterHost({ stateDir: TEST_STATE_DIR, ...options })
  await host.deleteCluster(CLUSTER)
  info = await host.createCluster({ name: CLUSTER, nodes: 1, simulatedNodes: 0 })
  watch = watchCluster(info.kubeconfig, options)
  await watch.synced()
  await watch.until(({ nodes }) => nodes.length === 1 && nodes.every(nodeIsReady))
  await watch.client.of(Pod).create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'nginx' }] },
  })
  await watch.until(({ pods }) => pods.some(({ status }) => status?.phase === 'Running'))
  shells = await containerShells({ dataCentre, info, stateDir: dataCentre.stateDir })
  room = new TerminalRoom(shells)
}, 240_000)

afterAll(async () => {
  await room?.close()
  watch?.[Symbol.dispose]()
  await host?.deleteCluster(CLUSTER)
  await host?.[Symbol.asyncDispose]()
})

let typed = 0

/** Types a command into the machine's shell and gives what the screen showed until the next prompt. */
async function types(command: string): Promise<string> {
  const end = `ended-${++typed}`
  let text = ''
  const done = Promise.withResolvers<void>()
  const session = await room.tab(room.add('node-1'))
  await session.prompted
  using _ = session.attach({
    buffered: 0,
    drop: () => undefined,
    sendMessage: (message) => {
      if ('ready' in message) session.write(Buffer.from(`clear; ${command}; echo ${end.replace('-', "''-")}\r`))
    },
    sendBytes: (data) => {
      text += Buffer.from(data).toString()
      if (text.includes(`${end}\r\n`)) done.resolve()
    },
  })
  session.resize({ columns: 240, rows: 60 })
  await done.promise
  return text
}

describe('the learner’s own shell', () => {
  const says = async (command: string) => {
    const { stdout, stderr } = await shells.exec(['bash', '-c', command])
    return stdout + stderr
  }
  const may = async (asks: string) => (await says(`kubectl auth can-i ${asks}`)).trim().split('\n').at(-1)

  it('is an administrator, and a developer or an auditor by a word', async () => {
    expect(await says('kubectl config get-contexts --no-headers')).toMatch(
      /^\* +admin +test-machine-shells +kubernetes-admin +\n +auditor +\S+ +auditor +\n +developer +\S+ +developer +default\n$/,
    )
    expect(await says('kubectl --context developer auth whoami -o jsonpath={.status.userInfo.groups}')).toBe(
      '["developers","system:authenticated"]',
    )
    expect(await says('kubectl --context developer create configmap mine')).toBe('configmap/mine created\n')
    expect(await says('kubectl --context developer get pods -n kube-system')).toContain('pods is forbidden')
    expect(await says('kubectl --context auditor get pods -A')).toContain('web')
    expect(await says('kubectl --context auditor get secrets')).toContain('secrets is forbidden')
    expect(await says('kubectl config use-context auditor && kubectl delete pod web')).toContain(
      'cannot delete resource',
    )
    await says('kubectl config use-context admin')
    expect(await may("'*' '*' -A")).toBe('yes')
  })

  it('builds an image with the engine of a machine, pushes it, and has a pod run it', async () => {
    expect(await says('docker ps --format "{{.Names}}"')).toMatch(/^k8s_web_web_default_/m)
    // Whoever has said all still hears the answer.
    expect(await says('echo said | docker run --rm -i --network none busybox cat')).toBe('said\n')
    await shells.run(`
      cd $(mktemp -d)
      printf 'FROM busybox\nCMD ["echo", "made here"]\n' > Dockerfile
      docker build -q -t $REGISTRY/private/greeter:1 .
      docker push -q $REGISTRY/private/greeter:1
      docker rmi $REGISTRY/private/greeter:1
      kubectl create secret generic mine --type=kubernetes.io/dockerconfigjson \\
        --from-file=.dockerconfigjson=$HOME/.docker/config.json
      kubectl run greeter --restart=Never --image=$REGISTRY/private/greeter:1 \\
        --overrides='{"spec":{"imagePullSecrets":[{"name":"mine"}]}}'
      kubectl wait --for=jsonpath={.status.phase}=Succeeded pod/greeter --timeout=60s`)
    expect(await says('kubectl logs greeter')).toBe('made here\n')
  })

  it('signs certificates by hand with the authority, as the notes of old tell', async () => {
    const ssl = '/etc/kubernetes/ssl'
    await shells.run(`
      openssl genrsa -out heron.key 2048
      openssl req -new -key heron.key -subj "/CN=heron/O=birds" -out heron.csr
      openssl x509 -req -in heron.csr -CA ${ssl}/ca.pem -CAkey ${ssl}/ca-key.pem -CAcreateserial -out heron.crt -days 365
      kubectl config set-credentials heron --client-certificate=heron.crt --client-key=heron.key
      kubectl config set-context heron --cluster=$(kubectl config view -o jsonpath='{.clusters[0].name}') --user=heron
      kubectl create rolebinding birds --clusterrole=view --group=birds`)
    expect(await says('kubectl --context heron auth whoami')).toMatch(/Username +heron\nGroups +\[birds system:auth/)
    expect(await says('kubectl --context heron get pods')).toContain('web')
    expect(await says('kubectl --context heron delete pod web')).toContain('User "heron" cannot delete resource "pods"')
    expect(await says(`openssl verify -CAfile ${ssl}/ca.pem heron.crt`)).toBe('heron.crt: OK\n')
  })

  it('keeps who was added, and who was chosen, when the classroom starts again', async () => {
    await says('kubectl config use-context heron')
    shells = await containerShells({ dataCentre, info, stateDir: dataCentre.stateDir })
    expect(await says('kubectl auth whoami -o jsonpath={.status.userInfo.username}')).toBe('heron')
    await says('kubectl config use-context admin')
    expect(await may("'*' '*' -A")).toBe('yes')
  })
})

describe('a shell on a machine', () => {
  it('is root of the machine, and not of the host', async () => {
    expect(await types('id -un; hostname; head -c 40 /proc/self/uid_map')).toMatch(/root\r\nnode-1\r\n/)
    expect(await types('cat /proc/self/uid_map')).not.toMatch(/ 0 +0 +4294967295/)
  })

  it('shows the containers of a Pod, the one that holds its network among them', async () => {
    const text = await types("docker ps --format '{{.Image}} {{.Names}}'")
    expect(text).toMatch(/pause\S* k8s_POD_web_/)
    expect(text).toMatch(/nginx\S* k8s_web_web_/)
  })

  it.each([
    ['iptables-save -t nat', /KUBE-SERVICES/],
    ['ip -brief address', /eth0@\S+ +UP +\S*10\.|eth0@\S+ +UP +\d/],
    ['conntrack -L', /tcp .*ESTABLISHED|flow entries have been shown/],
    ['lsns -t net', /\bnet\b/],
  ])('runs %s', async (command, shows) => {
    expect(await types(command)).toMatch(shows)
  })

  it('knows whether a command runs there', async () => {
    const session = await room.tab('node-1')
    expect(await session.running()).toBe('')
    session.write(Buffer.from('sleep 1000\r'))
    const deadline = AbortSignal.timeout(10_000)
    while ((await session.running()) !== 'sleep 1000') deadline.throwIfAborted()
    expect(await room.remove('node-1', { force: false })).toEqual({ running: 'sleep 1000' })
    expect(await room.remove('node-1', { force: true })).toEqual({ running: '' })
  })
})
