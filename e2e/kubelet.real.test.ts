// The kubelet on a real machine: pods out of a folder, containers that share more than a network, the probes and policies of
// single containers, and what becomes of all that when the kubelet, the proxy or the engine is killed.

import { join } from 'node:path'
import type { Pod } from 'kubernetes-types/core/v1'
import { beforeAll, expect, it } from 'vitest'
import { systemClock } from '../server/base/clock.ts'
import { testPki } from '../server/kube/apiserver/testing/test-pki.ts'
import { clusterDirectory } from '../server/kube/cluster/cluster-record.ts'
import { openCertificates } from '../server/kube/cluster/pki.ts'
import { type Kubectl, kubectl } from './support/commands.ts'
import { onMachine } from './support/machine.ts'
import { ownCluster } from './support/own-cluster.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-kubelet'
const cluster = ownCluster(CLUSTER, '--nodes', '1')
/** Nobody but the agent's own process, whoever may have its name in a command. */
const AGENT = '(/usr/bin/)?node .*/node-agent.mjs .*'
let kube: Kubectl
const machine = (script: string) => onMachine(CLUSTER, 'node-1', script)

beforeAll(async () => {
  kube = kubectl('1.36', cluster.kubeconfig)
})

async function says(args: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await kube(args, { timeoutMs: 90_000, ...(input ? { input } : {}) })
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
  return stdout
}
const podNamed = async (name: string) => JSON.parse(await says(`get pod ${name} -o json`)) as Pod
const apply = (...items: object[]) => says('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
const pod = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { terminationGracePeriodSeconds: 1, ...spec },
})
const shell = (name: string, script: string, more: object = {}) => ({
  name,
  image: 'busybox',
  command: ['sh', '-c', script],
  ...more,
})
const ready = (name: string) => says(`wait pod ${name} --for=condition=Ready --timeout=90s`)
const said = (name: string, words: string | RegExp) =>
  until(`${name} says ${words}`, async () => new RegExp(words).test((await kube(`logs ${name}`)).stdout))

it('runs what lies in the folder of a machine, and shows it in the API', async () => {
  const manifest = (word: string) =>
    JSON.stringify(pod('web', { containers: [shell('web', `echo ${word}; sleep 100000`)] }))
  const put = (text: string) => machine(`cat > /etc/kubernetes/manifests/web.yaml <<'END'\n${text}\nEND`)
  await put(manifest('one'))
  await until('the mirror is there', async () => (await kube('get pod web-node-1')).code === 0)
  await ready('web-node-1')
  await said('web-node-1', 'one')
  // kubectl waits, and has to see that it went.
  await says('delete pod web-node-1 --timeout=30s')
  await until('it is back', async () => (await podNamed('web-node-1')).status?.phase === 'Running')
  expect((await podNamed('web-node-1')).status?.containerStatuses?.[0]?.restartCount).toBe(0)
  await put(manifest('two'))
  await said('web-node-1', 'two')
  await machine('rm /etc/kubernetes/manifests/web.yaml')
  await until('it is gone', async () => (await kube('get pod web-node-1')).code !== 0)
  expect(await machine('docker ps -q --filter label=io.kubernetes.pod.name=web-node-1')).toBe('')
})

it('lets containers of a pod share memory, semaphores, files and, where asked, processes, whose zombies pause reaps', async () => {
  // System V memory: made by one, read by the other. Perl has the calls built in.
  const write = `my $id = shmget(0x706f, 64, 01600) // die $!; shmwrite($id, "by key", 0, 6) or die $!; sleep 100000`
  // It is there a moment before anything is in it.
  const read = `my $text = ""; until ($text eq "by key") { my $id = shmget(0x706f, 64, 0); shmread($id, $text, 0, 6) if defined $id; select undef, undef, undef, 0.1 } print "read $text\\n"`
  const perl = (name: string, script: string) => ({
    name,
    image: 'debian',
    command: ['perl', '-e', `$| = 1; ${script}`],
  })
  await apply(
    pod('family', {
      shareProcessNamespace: true,
      containers: [
        shell(
          'orphaner',
          'echo shared > /dev/shm/word; while :; do (sleep 0.1 & exec true); sleep 0.2; echo >> /dev/shm/orphans; done',
        ),
        shell('reader', 'until cat /dev/shm/word; do sleep 0.1; done; sleep 100000'),
        perl('writer', write),
        perl('finder', `${read}; sleep 100000`),
      ],
    }),
    pod('strangers', { containers: [shell('a', 'sleep 100001'), shell('b', 'sleep 100002')] }),
  )
  await Promise.all([ready('family'), ready('strangers')])
  await until('POSIX memory is shared', async () => (await says('logs family -c reader')).includes('shared'))
  await until('System V memory is shared', async () => (await says('logs family -c finder')).includes('read by key'))
  const seen = await says('exec family -c reader -- ps -o pid,args')
  expect(seen).toMatch(/^\s*1 \/pause$/m)
  expect(seen).toMatch(/perl -e/)
  expect(await says('exec strangers -c a -- ps -o args')).not.toMatch(/100002|pause/)
  // Orphans end all the time. None of them stays.
  const zombies = async () => (await says(`exec family -c reader -- sh -c 'ps -o stat | grep -c ^Z || true'`)).trim()
  const orphans = async () => Number(await says(`exec family -c reader -- sh -c 'wc -l < /dev/shm/orphans'`))
  await until('twenty have ended', async () => (await orphans()) >= 20)
  await until('no zombies', async () => (await zombies()) === '0')
})

it('shows ambassador, adapter and sidecar at work', async () => {
  const conf = 'server { listen 9090; location / { proxy_pass http://127.0.0.1:8080; proxy_set_header Host behind; } }'
  await apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ambassador' }, data: { 'default.conf': conf } },
    pod('patterns', {
      volumes: [
        { name: 'log', emptyDir: {} },
        { name: 'conf', configMap: { name: 'ambassador' } },
      ],
      initContainers: [
        // The sidecar is there before the application, and ships what it writes.
        {
          ...shell('shipper', 'touch /log/app; tail -f /log/app', { restartPolicy: 'Always' }),
          volumeMounts: [{ name: 'log', mountPath: '/log' }],
        },
      ],
      containers: [
        // The application knows localhost only.
        {
          ...shell(
            'app',
            'while :; do wget -qO- localhost:9090/ | grep -o "<title>.*</title>" >> /log/app; sleep 1; done',
          ),
          volumeMounts: [{ name: 'log', mountPath: '/log' }],
        },
        { name: 'ambassador', image: 'nginx', volumeMounts: [{ name: 'conf', mountPath: '/etc/nginx/conf.d' }] },
        { name: 'far', image: 'python', command: ['python3', '-c', FAR_SERVER] },
        // The adapter tells in its own words what the application wrote in its.
        {
          ...shell(
            'adapter',
            'tail -f /log/app | while read -r line; do echo $line | sed "s/<title>/title=/; s/<.title>//"; done',
          ),
          volumeMounts: [{ name: 'log', mountPath: '/log', readOnly: true }],
        },
      ],
    }),
  )
  await ready('patterns')
  await until('shipped', async () => (await says('logs patterns -c shipper')).includes('<title>far</title>'))
  await until('adapted', async () => /^title=far$/m.test(await says('logs patterns -c adapter')))
})

it('probes over HTTPS and gRPC, and heeds policies of single containers', async () => {
  const { certPem, keyPem } = await (await testPki()).issue('app')
  await apply(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tls' },
      stringData: { 'pair.pem': `${certPem}\n${keyPem}` },
    },
    pod('probed', {
      volumes: [{ name: 'tls', secret: { secretName: 'tls' } }],
      containers: [
        {
          name: 'https',
          image: 'python',
          command: ['python3', '-c', HTTPS_SERVER],
          volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
          readinessProbe: { httpGet: { scheme: 'HTTPS', port: 8443, path: '/' }, periodSeconds: 1, timeoutSeconds: 10 },
        },
        {
          name: 'grpc',
          image: 'python',
          command: ['python3', '-c', GRPC_SERVER],
          readinessProbe: { grpc: { port: 9000, service: 'books' }, periodSeconds: 1, timeoutSeconds: 10 },
        },
      ],
    }),
    pod('ruled', {
      restartPolicy: 'Never',
      volumes: [{ name: 'memory', emptyDir: {} }],
      containers: [
        {
          ...shell('again', 'cd /memory; [ -e was ] && { echo all is well; exit 7; }; touch was; exit 42'),
          volumeMounts: [{ name: 'memory', mountPath: '/memory' }],
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
        shell('words', 'echo last words > /end/words; exit 3', { terminationMessagePath: '/end/words' }),
      ],
    }),
    {
      ...pod('asked', {
        os: { name: 'linux' },
        terminationGracePeriodSeconds: 60,
        containers: [
          shell('asked', 'trap "echo by USR1; exit 0" USR1; trap "" TERM; while :; do sleep 0.1; done', {
            lifecycle: { stopSignal: 'SIGUSR1' },
          }),
        ],
      }),
    },
  )
  await until('the rules have been followed', async () => (await podNamed('ruled')).status?.phase === 'Failed')
  const statuses = (await podNamed('ruled')).status?.containerStatuses ?? []
  expect(statuses.map(({ name, restartCount, state }) => ({ name, restartCount, ...state?.terminated }))).toMatchObject(
    [
      { name: 'again', restartCount: 1, exitCode: 7, message: 'all is well\n' },
      { name: 'words', restartCount: 0, exitCode: 3, message: 'last words\n' },
    ],
  )
  await Promise.all([ready('probed'), ready('asked')])
  // SIGTERM would be waited for a minute in vain.
  const ending = says('logs -f asked')
  await says('delete pod asked --wait=false')
  expect(await ending).toBe('by USR1\n')
})

it('runs a pod under the runtime that its class names, and counts what that takes', async () => {
  const runtimeClass = (name: string, handler: string, more: object = {}) => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name },
    handler,
    ...more,
  })
  const resources = { limits: { cpu: '500m', memory: '32Mi' } }
  await apply(
    runtimeClass('quick', 'crun', { overhead: { podFixed: { cpu: '250m', memory: '16Mi' } } }),
    runtimeClass('odd', 'odd'),
    pod('quick', { runtimeClassName: 'quick', containers: [shell('main', 'sleep 100000', { resources })] }),
    pod('odd', { runtimeClassName: 'odd', containers: [shell('main', 'sleep 100000')] }),
  )
  await ready('quick')
  const list = 'docker ps -q --filter label=io.kubernetes.pod.name=quick'
  expect(await machine(`docker inspect -f '{{.HostConfig.Runtime}}' $(${list})`)).toBe('crun\ncrun\n')
  expect((await podNamed('quick')).spec?.overhead).toEqual({ cpu: '250m', memory: '16Mi' })
  const uid = (await podNamed('quick')).metadata?.uid
  const group = `cat /sys/fs/cgroup{/memory,}/kubepods/pod${uid}/memory.{max,limit_in_bytes} 2>/dev/null || true`
  expect((await machine(group)).trim()).toBe(String(48 * 2 ** 20))
  const told = () => says('get events --field-selector involvedObject.name=odd')
  await until('it is told', async () => (await told()).includes('FailedCreatePodSandBox'))
  expect(await told()).toContain(
    'Failed to create pod sandbox: failed to get sandbox runtime: no runtime for "odd" is configured',
  )
  await says('delete pod quick odd --grace-period=1')
})

it('goes on where it was when the kubelet, the proxy or the engine is killed', { timeout: 240_000 }, async () => {
  await apply(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'nginx' }] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    },
  )
  await says('rollout status deployment web --timeout=90s')
  const address = (await says(`get service web -o jsonpath='{.spec.clusterIP}'`)).trim()
  const containers = async () =>
    (await machine('docker ps --no-trunc --format "{{.ID}} {{.Names}}"'))
      .split('\n')
      .filter((line) => line.includes('_web-'))
      .sort()
  const before = await containers()
  expect(before).toHaveLength(6)
  // One process serves a pod's sandbox and its containers (images/machine/shim.c).
  const running = async (name: string) => Number(await machine(`pgrep -xc ${name}`))
  await until('a shim for each pod', async () => (await running('containerd-shim')) === (await running('pause')))
  const agent = () => machine(`pgrep -xf '${AGENT}'`)
  const engine = () => machine('pgrep -x dockerd')
  for (const [what, of] of Object.entries({ agent, engine })) {
    const pid = (await of()).trim()
    await machine(`kill -9 ${pid}`)
    await until(`another ${what}`, async () => (await of()).trim() !== pid)
    await until('the engine answers', async () => (await machine('docker version -f "{{.Server.Version}}"')) !== '')
    expect(await containers()).toEqual(before)
  }
  // Whoever was started again works: a rule for a new Service, a new pod, logs of an old one.
  await says('scale deployment web --replicas=4')
  await says('rollout status deployment web --timeout=90s')
  expect(await machine(`curl -s -m 10 http://${address}/`)).toContain('Welcome to nginx')
  await says('create service clusterip late --tcp=80:80')
  await says('set selector service late app=web')
  const late = (await says(`get service late -o jsonpath='{.spec.clusterIP}'`)).trim()
  await until('its rules', async () => (await machine(`curl -s -m 2 http://${late}/ || true`)).includes('Welcome'))
  expect(await containers()).toEqual(expect.arrayContaining(before))
  expect(await containers()).toHaveLength(8)
  const counts = await says(`get pods -l app=web -o jsonpath='{.items[*].status.containerStatuses[*].restartCount}'`)
  expect(counts).toBe('0 0 0 0')
  const starts = async () => (await says('events --for=node/node-1')).split('Starting kubelet.').length - 1
  await until('each start of the kubelet is told', async () => (await starts()) >= 2)
  expect(await says('get node node-1')).toMatch(/ Ready /)
})

const raw = (path: string) => says(`get --raw /api/v1/nodes/node-1/proxy/${path}`)

it('is stopped, broken, looked at and mended by systemctl and journalctl', async () => {
  const answers = (script: string) => machine(`{ ${script}; } 2>&1 || echo "=> $?"`)
  const CONFIG = '/var/lib/kubelet/config.yaml'
  expect(await machine(`cat ${CONFIG}`)).toContain('clientCAFile: /etc/kubernetes/pki/ca.crt')
  expect(await answers('systemctl status kubelet --no-pager')).toMatch(/^ +Active: active \(running\) since/m)
  const containers = () => machine('docker ps -q | sort')
  await machine('systemctl stop kubelet')
  const before = await containers()
  expect(await answers('systemctl is-active kubelet')).toBe('inactive\n=> 3\n')
  // The supervisor begins again with what ends, and not with what has been stopped.
  await machine('systemctl restart docker.service')
  await until('the engine answers', async () => (await answers('docker version')).includes('Server'))
  expect(await answers(`pgrep -xf '${AGENT}'`)).toBe('=> 1\n')
  expect(await containers()).toBe(before)

  await machine(`echo 'maxPods: many' >> ${CONFIG}; systemctl start kubelet`)
  const why = 'cannot unmarshal string into Go struct field KubeletConfiguration.maxPods of type int32'
  await until('why it does not start', async () => (await answers('journalctl -xeu kubelet')).includes(why))
  await until('it is told', async () => /auto-restart.*exit-code/.test(await answers('systemctl status kubelet')))
  // By then six seconds would pass until its turn; whoever asks for it has it at once.
  await until('it waits long', async () =>
    (await answers('journalctl -u kubelet')).includes('restart counter is at 6.'),
  )
  const start = `sed -i 's/many/50/' ${CONFIG}; systemctl start kubelet; sleep 1; systemctl is-active kubelet`
  expect(await answers(start)).toBe('active\n')
  await until('it runs by what was written', async () => {
    const { code, stdout } = await kube('get --raw /api/v1/nodes/node-1/proxy/configz')
    return code === 0 && stdout.includes('"maxPods":50')
  })
  expect(await answers('systemctl is-active kubelet')).toBe('active\n')
})

it('asks for its certificates again, and for those of kube-proxy, when most of their year is over', async () => {
  const PAIR = '/var/lib/kubelet/pki/kubelet-client-current.pem'
  expect(await machine('cat /etc/kubernetes/kubelet.conf')).toContain(`client-certificate: ${PAIR}\n`)
  expect(await machine('cat /var/lib/kubelet/config.yaml')).toContain('rotateCertificates: true\n')
  const ends = (file: string) => machine(`openssl x509 -noout -enddate -issuer -in ${file}`)
  expect(await ends(PAIR)).toContain('issuer=CN = kubernetes')
  const serving = '/var/lib/kubelet/pki/kubelet.crt'
  // What the cluster would have given it 340 days ago: 93 % of it is over.
  let behindMs = 0
  const directory = join(clusterDirectory(process.env.PODIUM_HOME ?? '', CLUSTER), 'pki')
  const old = await openCertificates({ directory, clock: { ...systemClock, now: () => Date.now() - behindMs } })
  behindMs = 340 * 24 * 3600_000
  const node = { commonName: 'system:node:node-1', organizations: ['system:nodes'] }
  const own = await old.issue({ ...node, usages: ['client'] })
  const address = (await says('get node node-1 -o jsonpath={.status.addresses[0].address}')).trim()
  const served = await old.issue({ ...node, usages: ['server'], dnsNames: ['node-1'], ipAddresses: [address] })
  const proxys = await old.issue({ commonName: 'system:kube-proxy', usages: ['client'] })
  const inLine = (pem: string) => Buffer.from(pem).toString('base64')
  await machine(`set -e; systemctl stop kubelet; cd /var/lib/kubelet/pki; rm kubelet-client-*.pem
    echo ${inLine(own.certPem + own.keyPem)} | base64 -d > kubelet-client-2020-01-01-00-00-00.pem
    echo ${inLine(served.certPem)} | base64 -d > kubelet.crt; echo ${inLine(served.keyPem)} | base64 -d > kubelet.key
    sed -i 's/client-certificate-data: .*/client-certificate-data: ${inLine(proxys.certPem)}/; s/client-key-data: .*/client-key-data: ${inLine(proxys.keyPem)}/' /etc/kubernetes/kube-proxy.conf
    systemctl start kubelet`)
  const lasts = (file: string) =>
    machine(`openssl x509 -noout -checkend 30000000 -in ${file} >/dev/null && echo long || echo short`)
  await until('its own is new', async () => (await lasts(PAIR).catch(() => '')) === 'long\n')
  await until('so is what it serves with', async () => (await lasts(serving)) === 'long\n')
  const ofProxy = `sed -n 's/ *client-certificate-data: //p' /etc/kubernetes/kube-proxy.conf | base64 -d > /tmp/proxy.crt`
  await until('and kube-proxy’s', async () => {
    await machine(ofProxy)
    return (await lasts('/tmp/proxy.crt')) === 'long\n'
  })
  expect(await machine(`readlink ${PAIR}`)).not.toContain('2020-01-01')
  expect(await says('get csr')).toMatch(/system:node:node-1 .* Approved,Issued/)
  // By the new one: who calls the kubelet believes what it shows, and it is still known.
  expect(await says('get --raw /api/v1/nodes/node-1/proxy/healthz')).toBe('ok')
  const shown = await machine(
    `echo | openssl s_client -connect ${address}:10250 2>/dev/null | openssl x509 -noout -enddate`,
  )
  expect(await ends(serving)).toContain(shown)
})

it('tells what the machine and its pods use, as the kernel counts it', async () => {
  await apply(
    pod('burner', {
      containers: [
        shell('burner', 'while :; do :; done', { resources: { limits: { cpu: '200m', memory: '32Mi' } } }),
        shell('talker', 'echo by the kubelet; sleep 100000', {
          livenessProbe: { exec: { command: ['true'] }, periodSeconds: 1, timeoutSeconds: 10 },
        }),
      ],
    }),
  )
  await ready('burner')
  type Summary = {
    node: { nodeName: string; fs: { capacityBytes: number; usedBytes: number } }
    pods: {
      podRef: { name: string }
      network: { rxBytes: number }
      containers: {
        name: string
        cpu: { usageCoreNanoSeconds: number; usageNanoCores?: number }
        memory: { rssBytes: number; workingSetBytes: number; usageBytes: number }
        rootfs: { usedBytes: number }
      }[]
    }[]
  }
  const look = async () => {
    const summary = JSON.parse(await raw('stats/summary')) as Summary
    const own = summary.pods.find(({ podRef }) => podRef.name === 'burner')
    return { summary, own, burner: own?.containers.find(({ name }) => name === 'burner') }
  }
  const inPod = async (script: string) => Number(await says(`exec burner -c burner -- sh -c '${script}'`))
  const seconds = () =>
    inPod(
      'cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || sed -n s/usage_usec.//p /sys/fs/cgroup/cpu.stat | sed s/$/000/',
    )
  const received = () => inPod('sed -n s/.*eth0://p /proc/net/dev | xargs echo | cut -d" " -f1')
  const memory = () =>
    inPod('cat /sys/fs/cgroup/memory/memory.usage_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.current')

  const before = { seconds: await seconds(), received: await received() }
  const { summary, own, burner } = await until('the kubelet has looked since', async () => {
    const found = await look()
    return (found.burner?.cpu.usageCoreNanoSeconds ?? 0) >= before.seconds && found
  })
  expect(burner?.cpu.usageCoreNanoSeconds).toBeLessThanOrEqual((await seconds()) + 1e7)
  expect(own?.network.rxBytes).toBeGreaterThanOrEqual(before.received)
  expect(own?.network.rxBytes).toBeLessThanOrEqual(await received())
  expect(Math.abs((burner?.memory.usageBytes ?? 0) - (await memory()))).toBeLessThan(4 * 2 ** 20)
  expect(burner?.memory.workingSetBytes).toBeLessThanOrEqual(burner?.memory.usageBytes ?? 0)
  const free = Number(await machine('df --output=avail -B1 /var/lib/kubelet | tail -1'))
  expect(Math.abs(summary.node.fs.capacityBytes - summary.node.fs.usedBytes - free)).toBeLessThan(64 * 2 ** 20)
  const rate = await until('it is known how fast', async () => (await look()).burner?.cpu.usageNanoCores)
  expect(rate).toBeLessThan(0.3e9)

  expect(await raw('metrics/cadvisor')).toMatch(/^container_spec_memory_limit_bytes\{container="burner".*\} 33554432$/m)
  expect(await raw('metrics/probes')).toMatch(
    /^prober_probe_total\{container="talker",.*probe_type="Liveness",result="successful"\} \d+$/m,
  )
  expect(await raw('metrics')).toMatch(/^kubelet_running_containers\{container_state="running"\} \d+$/m)
  expect(await raw('metrics/resource')).toMatch(/^resource_scrape_error 0$/m)
  expect(await raw('healthz')).toBe('ok')
  expect(JSON.parse(await raw('configz'))).toMatchObject({
    kubeletconfig: { staticPodPath: '/etc/kubernetes/manifests' },
  })
  expect(JSON.parse(await raw('pods'))).toMatchObject({ kind: 'PodList' })
  expect(await raw('containerLogs/default/burner/talker')).toBe('by the kubelet\n')
})

it('keeps as much output, and gives as much time at the end, as its settings say', async () => {
  const settings = 'containerLogMaxSize: 64Ki\ncontainerLogMaxFiles: 3\nshutdownGracePeriod: 20s'
  await machine(`printf '${settings}' > /var/lib/kubelet/config.yaml; pkill -xf '${AGENT}'`)
  await until('they are read', async () => (await raw('configz')).includes('"containerLogMaxSize":"64Ki"'))
  await apply(
    pod('talkative', {
      terminationGracePeriodSeconds: 15,
      containers: [
        shell('much', 'seq 200000; echo done; trap "echo said goodbye; exit 0" TERM; while :; do sleep 0.1; done'),
      ],
    }),
  )
  await said('talkative', /^done$/m)
  const find = 'docker inspect -f {{.LogPath}} $(docker ps -q --filter label=io.kubernetes.container.name=much)'
  const sizes = (await machine(`stat -c %s $(${find})*`)).trim().split('\n').map(Number)
  expect(sizes).toHaveLength(3)
  expect(Math.max(...sizes)).toBeLessThan(70 * 1024)
  for (const place of ['pods/default_talkative_*/much/0.log', 'containers/talkative_default_much-*.log']) {
    expect(await machine(`tail -n 1 /var/log/${place}`)).toContain('done')
  }

  await machine('kill -TERM 1')
  const ended = await until('the pod was ended in time', async () => {
    const now = (await podNamed('talkative')).status
    return now?.phase === 'Failed' && now
  })
  const message = 'Pod was terminated in response to imminent node shutdown.'
  expect(ended).toMatchObject({ reason: 'Terminated', message })
  expect(ended.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0)
  expect(ended.conditions).toContainEqual(expect.objectContaining({ type: 'DisruptionTarget', message }))
  expect(await says(`get node node-1 -o jsonpath='{.status.conditions[?(@.type=="Ready")].message}'`)).toBe(
    'node is shutting down',
  )
})

const FAR_SERVER = `
from http.server import *
class Far(BaseHTTPRequestHandler):
  def do_GET(self):
    self.send_response(200); self.end_headers(); self.wfile.write(b"<title>far</title>")
HTTPServer(("127.0.0.1", 8080), Far).serve_forever()`

const HTTPS_SERVER = `
import ssl
from http.server import *
server = HTTPServer(("", 8443), SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tls/pair.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()`

/** As much of HTTP/2 as one health check needs: settings, then head, message and trailers on the stream that asked. */
const GRPC_SERVER = `
import socket, struct
def frame(kind, flags, stream, body):
  return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body
def field(name, value):
  return b"\\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
def read(conn, count):
  data = b""
  while len(data) < count:
    more = conn.recv(count - len(data))
    if not more: raise EOFError
    data += more
  return data
server = socket.create_server(("", 9000))
while True:
  conn, _ = server.accept()
  try:
    read(conn, 24)
    conn.sendall(frame(4, 0, 0, b""))
    while True:
      head = read(conn, 9)
      body = read(conn, struct.unpack(">I", b"\\0" + head[:3])[0])
      kind, flags, stream = head[3], head[4], struct.unpack(">I", head[5:])[0]
      if kind == 4 and not flags & 1: conn.sendall(frame(4, 1, 0, b""))
      if kind == 0 and flags & 1:
        serving = 1 if body[5:] == b"\\n\\x05books" else 2
        conn.sendall(frame(1, 4, stream, b"\\x88" + field(b"content-type", b"application/grpc")))
        conn.sendall(frame(0, 0, stream, bytes([0, 0, 0, 0, 2, 8, serving])))
        conn.sendall(frame(1, 5, stream, field(b"grpc-status", b"0")))
  except (EOFError, OSError): conn.close()`
