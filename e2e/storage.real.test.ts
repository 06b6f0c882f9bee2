// Storage that outlives pods, on real machines: a claim, its directory, who writes, who reads, and what stays.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { PersistentVolume } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kubectl, podium, root } from './support/commands.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-storage'
let directory: string
let kubeconfig: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  kubeconfig = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--nodes', '2', '--kubeconfig', kubeconfig)
})
afterAll(async () => {
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

async function says(args: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl('1.36', kubeconfig)(args, {
    ...(input ? { input } : {}),
    timeoutMs: 120_000,
  })
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

const CLAIM = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
`
const pod = (name: string, command: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  restartPolicy: Never
  containers:
    - {name: main, image: busybox, command: [sh, -c, '${command}'], volumeMounts: [{name: data, mountPath: /data}]}
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`
const runs = async (name: string, command: string) => {
  await says('apply -f -', pod(name, command))
  await says(`wait --for=jsonpath={.status.phase}=Succeeded pod/${name} --timeout=60s`)
}
const volumes = async () => (JSON.parse(await says('get pv -o json')) as { items: PersistentVolume[] }).items

it('is there for the next pod, and gone with its claim', async () => {
  await says('apply -f -', CLAIM)
  await runs('writer', 'echo kept > /data/page')
  expect(await says('get pvc data')).toMatch(/data\s+Bound\s+pvc-\S+\s+10Mi\s+RWO\s+standard/)
  const [volume] = await volumes()
  const [node] = volume?.spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values ?? []
  await says('delete pod writer')
  await runs('reader', 'cat /data/page')
  expect(await says('logs reader')).toBe('kept\n')
  expect(await says('get pod reader -o jsonpath={.spec.nodeName}')).toBe(node)
  await says('delete pod reader')
  await says('delete pvc data')
  await until('the volume has gone', async () => (await volumes()).length === 0)
  const look = await says(
    `run look --rm -i --restart=Never --image=busybox --overrides={"spec":{"nodeName":"${node}","containers":[{"name":"look","image":"busybox","command":["ls","/v"],"volumeMounts":[{"name":"v","mountPath":"/v"}]}],"volumes":[{"name":"v","hostPath":{"path":"/var/local-path-provisioner"}}]}}`,
  )
  expect(look).not.toContain(volume?.metadata?.name)
})

it('is each pod’s own in a StatefulSet, through a new pod', async () => {
  await says(
    'apply -f -',
    `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox
          command: [sh, -c, 'hostname >> /data/names; sleep 100000']
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
`,
  )
  await says('rollout status statefulset/db --timeout=60s')
  await says('delete pod db-1')
  await until('db-1 is back', async () => (await says('get pod db-1 --ignore-not-found')).includes('1/1'))
  expect(await says('exec db-1 -- cat /data/names')).toBe('db-1\ndb-1\n')
  expect(await says('exec db-0 -- cat /data/names')).toBe('db-0\n')
})

const logsOf = async (name: string) => (await says(`logs ${name}`)).trim().split('\n')

it('shows a pod its volumes with the owners, modes and limits that it asks for', async () => {
  await says('create configmap settings --from-literal=app.conf=one --from-literal=other=two')
  await says('create secret generic keys --from-literal=password=swordfish')
  const script = [
    'cd /v',
    'echo "id $(id -u) $(id -g) $(id -G)"',
    'stat -c "%n %a %u:%g" empty memory config/..data/app.conf secret/..data/password projected/..data/token',
    'echo "memory $(df -k memory | tail -1 | awk "{print \\$2}")"',
    'echo "config $(cat config/app.conf) $(ls config)"',
    'touch config/new 2>/dev/null || echo "config is for reading"',
    'echo kept > logs/line && echo "logs $(cat empty/logs/pieces/line)"',
    'echo "image $(ls image/bin/busybox)"',
    'touch image/bin/x 2>/dev/null || echo "image is for reading"',
    'echo "labels $(cat projected/labels)"',
  ].join('; ')
  await says(
    'apply -f -',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pieces', labels: { tier: 'data' } },
      spec: {
        restartPolicy: 'Never',
        securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
        containers: [
          {
            name: 'main',
            image: 'busybox',
            command: ['sh', '-c', script],
            env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            resources: { limits: { memory: '64Mi' } },
            volumeMounts: [
              ...['empty', 'memory', 'config', 'secret', 'projected', 'image'].map((name) => ({
                name,
                mountPath: `/v/${name}`,
              })),
              { name: 'empty', mountPath: '/v/logs', subPathExpr: 'logs/$(POD)' },
            ],
          },
        ],
        volumes: [
          { name: 'empty', emptyDir: {} },
          { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } },
          { name: 'config', configMap: { name: 'settings', defaultMode: 0o400 } },
          { name: 'secret', secret: { secretName: 'keys' } },
          { name: 'image', image: { reference: 'busybox', pullPolicy: 'IfNotPresent' } },
          {
            name: 'projected',
            projected: {
              sources: [
                { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
                { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
              ],
            },
          },
        ],
      },
    }),
  )
  await says('wait --for=jsonpath={.status.phase}=Succeeded pod/pieces --timeout=60s')
  expect(await logsOf('pieces')).toEqual([
    'id 1000 3000 3000 2000 4000',
    'empty 2777 0:2000',
    'memory 2777 0:2000',
    'config/..data/app.conf 440 0:2000',
    'secret/..data/password 644 0:2000',
    'projected/..data/token 640 1000:2000',
    'memory 8192',
    'config one app.conf',
    'other',
    'config is for reading',
    'logs kept',
    'image image/bin/busybox',
    'image is for reading',
    'labels tier="data"',
  ])
})

it('does not lead out of a volume by a link that a pod has made', async () => {
  await says(
    'apply -f -',
    `
apiVersion: v1
kind: Pod
metadata: {name: sly}
spec:
  restartPolicy: Never
  initContainers:
    - {name: link, image: busybox, command: [ln, -s, /etc, /v/out], volumeMounts: [{name: v, mountPath: /v}]}
  containers:
    - {name: main, image: busybox, command: [ls, /etc-of-the-machine], volumeMounts: [{name: v, mountPath: /etc-of-the-machine, subPath: out}]}
  volumes: [{name: v, emptyDir: {}}]
`,
  )
  const waiting = '-o jsonpath={.status.containerStatuses[0].state.waiting}'
  await until('it is held', async () => (await says(`get pod sly ${waiting}`)).includes('CreateContainerConfigError'))
  expect(await says(`get pod sly ${waiting}`)).toContain(
    String.raw`failed to prepare subPath for volumeMount \"v\" of container \"main\"`,
  )
  await says('delete pod sly --grace-period=1')
})

it('runs containers with the rights that they ask for, and no more', async () => {
  // mkdir is refused with the number of EXDEV, which nobody else would say.
  const profile = JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 18 }],
  })
  const [node = ''] = (await says('get nodes -o jsonpath={.items[*].metadata.name}')).split(' ')
  const made = (name: string, securityContext: object, script: string, spec: object = {}, more: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      nodeName: node,
      containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script], securityContext, ...more }],
      ...spec,
    },
  })
  const privileges = 'grep -E "^(NoNewPrivs|CapEff|Seccomp_filters)" /proc/1/status'
  const pods = [
    made('plain', {}, privileges),
    made('confined', { seccompProfile: { type: 'RuntimeDefault' } }, privileges),
    made(
      'bare',
      {
        capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      },
      `${privileges}; touch /x 2>&1; true`,
    ),
    made(
      'mighty',
      { privileged: true },
      'mount -t tmpfs none /tmp && echo mounted; mknod /dev/made b 8 0 2>&1; hostname; echo $(pidof dockerd | wc -w)',
      { hostPID: true, hostname: 'called', subdomain: 'inside', setHostnameAsFQDN: true },
    ),
    made('shared', {}, 'hostname; tail -1 /etc/hosts; cat /proc/sys/net/ipv4/ip_forward', {
      hostNetwork: true,
      hostIPC: true,
      hostAliases: [{ ip: '10.1.2.3', hostnames: ['elsewhere'] }],
    }),
    made('tuned', {}, 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start', {
      securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '80' }] },
    }),
    made(
      'profile',
      {},
      `echo '${profile}' > /seccomp/no-mkdir.json`,
      { volumes: [{ name: 'p', hostPath: { path: '/var/lib/kubelet/seccomp', type: 'DirectoryOrCreate' } }] },
      { volumeMounts: [{ name: 'p', mountPath: '/seccomp' }] },
    ),
    made(
      'sized',
      {},
      'cd /groups; g=kubepods/burstable/pod$POD; cat memory/$g/memory.limit_in_bytes $g/memory.max 2>/dev/null; cat /proc/1/oom_score_adj',
      { volumes: [{ name: 'g', hostPath: { path: '/sys/fs/cgroup' } }] },
      {
        volumeMounts: [{ name: 'g', mountPath: '/groups' }],
        env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
        resources: { requests: { memory: '32Mi' }, limits: { memory: '64Mi' } },
      },
    ),
    made('root', { runAsNonRoot: true }, 'true'),
    made('forbidden', {}, 'true', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
  ]
  await says('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }))
  const ended = (name: string) => says(`wait --for=jsonpath={.status.phase}=Succeeded pod/${name} --timeout=60s`)
  await ended('profile')
  const held = made(
    'held',
    { seccompProfile: { type: 'Localhost', localhostProfile: 'no-mkdir.json' } },
    'mkdir /x 2>&1; true',
  )
  await says('apply -f -', JSON.stringify(held))
  for (const name of ['plain', 'confined', 'bare', 'mighty', 'shared', 'tuned', 'held', 'sized']) await ended(name)

  const [, , plain = ''] = await logsOf('plain')
  const [, , confined = ''] = await logsOf('confined')
  // The machine's own filters are on top of each other already; the engine's is one more.
  const filters = (line: string) => Number(/Seccomp_filters:\s+(\d+)/.exec(line)?.[1])
  expect(filters(confined)).toBe(filters(plain) + 1)
  const [caps, noNew, , touched] = await logsOf('bare')
  expect([caps, noNew].sort()).toEqual(['CapEff:\t0000000000000400', 'NoNewPrivs:\t1'])
  expect(touched).toContain('Read-only file system')
  expect(await logsOf('mighty')).toEqual([
    'mounted',
    expect.stringContaining('Operation not permitted'),
    'called.inside.default.svc.cluster.local',
    '1',
  ])
  expect(await logsOf('shared')).toEqual([node, '10.1.2.3\telsewhere', '1'])
  expect(await logsOf('tuned')).toEqual(['80'])
  expect(await logsOf('sized')).toEqual([String(64 * 2 ** 20), '985'])
  expect(await logsOf('held')).toEqual([expect.stringContaining('Invalid cross-device link')])
  expect(await says('get pod forbidden -o jsonpath={.status.phase}/{.status.reason}/{.status.message}')).toBe(
    'Failed/SysctlForbidden/Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
  )
  const waiting = await says('get pod root -o jsonpath={.status.containerStatuses[0].state.waiting}')
  expect(waiting).toContain('CreateContainerConfigError')
  expect(waiting).toContain('container has runAsNonRoot and image will run as root (pod: ')
})

it('ends a pod that writes more into a directory than it may', async () => {
  await says(
    'apply -f -',
    `
apiVersion: v1
kind: Pod
metadata: {name: writer}
spec:
  containers:
    - name: main
      image: busybox
      command: [sh, -c, 'head -c 5000000 /dev/zero > /v/much; sleep 100000']
      volumeMounts: [{name: v, mountPath: /v}]
  volumes: [{name: v, emptyDir: {sizeLimit: 1Mi}}]
`,
  )
  await says('wait --for=jsonpath={.status.phase}=Failed pod/writer --timeout=60s')
  expect(await says('get pod writer -o jsonpath={.status.reason}/{.status.message}')).toBe(
    'Evicted/Usage of EmptyDir volume "v" exceeds the limit "1Mi". ',
  )
})

it('takes volumes from a driver of somebody else’s making', async () => {
  const example = join(root, 'docs/examples/csi-driver')
  const program = join(directory, 'driver.mjs')
  const options = { bundle: true, platform: 'node', format: 'esm', outfile: program } as const
  await build({ entryPoints: [join(example, 'driver.ts')], ...options })
  await says(`create configmap csi-driver --from-file=${program}`)
  await says(`apply -f ${join(example, 'driver.yaml')}`)
  await says('rollout status daemonset/csi-driver --timeout=60s')
  await until('both machines have the driver', async () =>
    /^(directories\.example\.org ?){2}$/.test(await says('get csinodes -o jsonpath={.items[*].spec.drivers[*].name}')),
  )
  await says(
    'apply -f -',
    CLAIM.replace('name: data', 'name: driven').replace('spec: {', 'spec: {storageClassName: directories, '),
  )
  const claimed = (name: string, command: string) =>
    pod(name, command)
      .replace('claimName: data', 'claimName: driven')
      .replace('spec:', 'spec:\n  securityContext: {fsGroup: 2000}')
  for (const [name, command] of [
    ['first', 'echo kept > /data/page'],
    ['second', 'cat /data/page; stat -c "%a %g" /data'],
  ] as const) {
    await says('apply -f -', claimed(name, command))
    await says(`wait --for=jsonpath={.status.phase}=Succeeded pod/${name} --timeout=60s`)
  }
  expect(await logsOf('second')).toEqual(['kept', '2775 2000'])
  await says('delete pod first second')
  await says('delete pvc driven')
  await until('the driver has removed the volume', async () => (await says('get pv')).includes('directories') === false)
  const logs = await says('logs -l app=csi-driver --tail=-1')
  const did = [...logs.matchAll(/ (stage|publish|unpublish|unstage|remove) pvc-/g)].map(([, what]) => what)
  expect(did.at(0)).toBe('stage')
  expect(did.slice(-2)).toEqual(['unstage', 'remove'])
})

it('builds an image on a machine, pushes it to a registry of one’s own, and pulls it by whom it is for', async () => {
  const [node = ''] = (await says('get nodes -o jsonpath={.items[*].metadata.name}')).split(' ')
  // Of the password "sesame", as `htpasswd -B` writes it.
  const htpasswd = 'learner:$2b$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O'
  const build = `
cd $(mktemp -d)
echo hello > greeting
printf 'FROM busybox\nCOPY greeting /\nCMD ["cat", "/greeting"]\n' > Dockerfile
docker build -q -t localhost:5000/greeter:1 . > /dev/null
docker push localhost:5000/greeter:1 2>&1 | grep -o 'no basic auth credentials'
echo sesame | docker login -u learner --password-stdin localhost:5000 2>/dev/null
docker push -q localhost:5000/greeter:1
docker rmi localhost:5000/greeter:1 > /dev/null
`
  const made = (name: string, spec: object, container: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { nodeName: node, restartPolicy: 'Never', containers: [{ name: 'main', ...container }], ...spec },
  })
  await says(`create secret generic who-may --from-literal=htpasswd=${htpasswd}`)
  const login = '--docker-server=localhost:5000 --docker-username=learner --docker-password=sesame'
  await says(`create secret docker-registry pull ${login}`)
  const registry = made(
    'registry',
    { hostNetwork: true, volumes: [{ name: 'auth', secret: { secretName: 'who-may' } }] },
    {
      image: 'registry:2',
      env: [
        { name: 'REGISTRY_AUTH', value: 'htpasswd' },
        { name: 'REGISTRY_AUTH_HTPASSWD_REALM', value: 'here' },
        { name: 'REGISTRY_AUTH_HTPASSWD_PATH', value: '/auth/htpasswd' },
      ],
      volumeMounts: [{ name: 'auth', mountPath: '/auth' }],
      readinessProbe: { tcpSocket: { port: 5000 }, periodSeconds: 1 },
    },
  )
  await says('apply -f -', JSON.stringify(registry))
  await says('wait --for=condition=Ready pod/registry --timeout=60s')
  const builder = made(
    'builder',
    { volumes: [{ name: 'machine', hostPath: { path: '/' } }] },
    {
      image: 'busybox',
      command: ['chroot', '/machine', 'sh', '-c', build],
      volumeMounts: [{ name: 'machine', mountPath: '/machine' }],
    },
  )
  await says('apply -f -', JSON.stringify(builder))
  await says('wait --for=jsonpath={.status.phase}=Succeeded pod/builder --timeout=60s')
  expect(await logsOf('builder')).toEqual(['no basic auth credentials', 'Login Succeeded', 'localhost:5000/greeter:1'])
  const image = { image: 'localhost:5000/greeter:1' }
  await says('apply -f -', JSON.stringify(made('stranger', {}, image)))
  const waiting = '-o jsonpath={.status.containerStatuses[0].state.waiting}'
  await until('the stranger is turned away', async () =>
    (await says(`get pod stranger ${waiting}`)).includes('no basic auth credentials'),
  )
  await says('apply -f -', JSON.stringify(made('friend', { imagePullSecrets: [{ name: 'pull' }] }, image)))
  await says('wait --for=jsonpath={.status.phase}=Succeeded pod/friend --timeout=60s')
  expect(await logsOf('friend')).toEqual(['hello'])
  await says('delete pod registry stranger --grace-period=1')
})

it('tells that a machine is short of memory, and ends who uses most above what was asked for', async () => {
  const [, node = ''] = (await says('get nodes -o jsonpath={.items[*].metadata.name}')).split(' ')
  // Nothing has to be used up: this machine is told to keep nearly all of its memory free.
  const script = `
printf 'kind: KubeletConfiguration\\nevictionHard: {memory.available: 99%%}\\n' > /kubelet/config.yaml
kill $(pidof node)
`
  await says(
    'apply -f -',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'eater' },
          spec: {
            nodeName: node,
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: 'main',
                image: 'busybox',
                command: ['sh', '-c', 'head -c 30000000 /dev/zero | tail; sleep 100000'],
              },
            ],
          },
        },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'tell' },
          spec: {
            nodeName: node,
            priorityClassName: 'system-node-critical',
            restartPolicy: 'Never',
            hostPID: true,
            containers: [
              {
                name: 'main',
                image: 'busybox',
                command: ['sh', '-c', script],
                volumeMounts: [{ name: 'k', mountPath: '/kubelet' }],
              },
            ],
            volumes: [{ name: 'k', hostPath: { path: '/var/lib/kubelet' } }],
          },
        },
      ],
    }),
  )
  await says('wait --for=jsonpath={.status.reason}=Evicted pod/eater --timeout=120s')
  expect(await says('get pod eater -o jsonpath={.status.message}')).toMatch(
    /^The node was low on resource: memory\. Threshold quantity: \d+, available: \d+Ki\. Container main was using \d+Ki, request is 0, has larger consumption of memory\. $/,
  )
  expect(await says('get pod eater -o jsonpath={.status.conditions[?(@.type=="DisruptionTarget")].reason}')).toBe(
    'TerminationByKubelet',
  )
  await until('the node says so, and is tainted for it', async () =>
    /MemoryPressure.*memory-pressure/.test(
      await says(`get node ${node} -o jsonpath={.status.conditions[?(@.status=="True")].type}{.spec.taints[*].key}`),
    ),
  )
})

it('takes in another machine by a token, and lets it go again', async () => {
  const command = (await podium('token', 'create', '--cluster', CLUSTER, '--print-join-command')).trim()
  expect(command).toMatch(
    /^podium node join [\d.]+:\d+ --token \w{6}\.\w{16} --discovery-token-ca-cert-hash sha256:\w{64}$/,
  )
  expect(await podium('node', 'join', ...command.split(' ').slice(3))).toContain('node "node-3" has joined')
  expect(await says('get csr -o jsonpath={.items[*].spec.username}')).toMatch(
    /system:bootstrap:\w{6}.*system:node:node-3/,
  )
  await says('cordon node-3')
  await says('uncordon node-3')
  await says('run guest --image=busybox --overrides={"spec":{"nodeName":"node-3"}} --restart=Never -- sleep 100000')
  await says('wait --for=condition=Ready pod/guest --timeout=60s')
  expect(await says('exec guest -- nslookup -type=a kubernetes.default.svc.cluster.local')).toContain('10.96.0.1')
  await says('drain node-3 --force --ignore-daemonsets --grace-period=1')
  expect(await podium('node', 'remove', 'node-3', '--cluster', CLUSTER)).toContain('is gone')
  expect(await says('get nodes -o name')).not.toContain('node-3')
})
