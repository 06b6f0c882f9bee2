// Pods with volumes of each kind, and the objects that are shown in them.

import { configMap, forever, pod, secret, shell } from './seat.ts'

const mounts = (...names: string[]) => names.map((name) => ({ name, mountPath: `/v/${name}` }))
const config = (more: object = {}) => ({ configMap: { name: 'shown', ...more } })
const hidden = (more: object = {}) => ({ secret: { secretName: 'shown', ...more } })
const projected = (...sources: object[]) => ({ projected: { sources } })
const ITEM = { items: [{ key: 'data-2', path: 'path/to/data-2' }] }
const ITEM_0400 = { items: [{ key: 'data-2', path: 'path/to/data-2', mode: 0o400 }] }
const info = (path: string, fieldPath: string, more: object = {}) => ({ path, fieldRef: { fieldPath }, ...more })
const amount = (path: string, resource: string, containerName = 'main') => ({
  path,
  resourceFieldRef: { containerName, resource },
})
const DOWNWARD = {
  items: [
    info('podname', 'metadata.name'),
    info('secret-name', 'metadata.name', { mode: 0o400 }),
    amount('cpu_limit', 'limits.cpu'),
    amount('cpu_request', 'requests.cpu'),
    amount('memory_limit', 'limits.memory'),
    amount('memory_request', 'requests.memory'),
    amount('all_cpu', 'limits.cpu', 'unlimited'),
    amount('all_memory', 'limits.memory', 'unlimited'),
  ],
}
/** Each source by itself, and projected. */
const SOURCES = {
  config: config(),
  'config-0400': config({ defaultMode: 0o400 }),
  'config-item': config(ITEM),
  'config-item-0400': config(ITEM_0400),
  secret: hidden(),
  'secret-0400': hidden({ defaultMode: 0o400 }),
  'secret-item': hidden(ITEM),
  'secret-item-0400': hidden(ITEM_0400),
  'p-config': projected({ configMap: { name: 'shown' } }),
  'p-config-0400': { projected: { defaultMode: 0o400, sources: [{ configMap: { name: 'shown' } }] } },
  'p-config-item-0400': projected({ configMap: { name: 'shown', ...ITEM_0400 } }),
  'p-secret': projected({ secret: { name: 'shown' } }),
  'p-secret-0400': { projected: { defaultMode: 0o400, sources: [{ secret: { name: 'shown' } }] } },
  'p-secret-item-0400': projected({ secret: { name: 'shown', ...ITEM_0400 } }),
  downward: { downwardAPI: DOWNWARD },
  'downward-0400': { downwardAPI: { defaultMode: 0o400, items: [info('podname', 'metadata.name')] } },
  combined: projected(
    { configMap: { name: 'shown', items: [{ key: 'data-1', path: 'config' }] } },
    { secret: { name: 'shown', items: [{ key: 'data-1', path: 'secret' }] } },
    { downwardAPI: DOWNWARD },
  ),
}
const volumes = (told: Record<string, object>) => Object.entries(told).map(([name, is]) => ({ name, ...is }))
/** Name, mode and content of each file of each volume; of what is no text, its first two bytes. */
const TELL =
  'cd /v; for f in $(find -L * -type f -not -path "*/..*"); do case $f in */dump) c=$(od -An -tx1 -N2 $f | tr -d " ");; *) c=$(cat $f);; esac; echo "$f $(stat -Lc %a $f) $c"; done'
const WRITES = [
  'umask 0',
  'for v in disk memory; do cd /v/$v; echo "$v $(stat -c %a .) $(stat -fc %T .)"',
  'for m in 644 666 777; do echo mount-tester > $m; chmod $m $m; echo "$v $(stat -c %a $m) $(cat $m)"; done; done',
].join('; ')
const emptyDirs = (securityContext: object) => ({
  restartPolicy: 'Never',
  securityContext,
  containers: [shell(WRITES, { volumeMounts: mounts('disk', 'memory') })],
  volumes: volumes({ disk: { emptyDir: {} }, memory: { emptyDir: { medium: 'Memory' } } }),
})
const SUBPATHS = {
  config: { configMap: { name: 'shown' } },
  secret: { secret: { secretName: 'shown' } },
  downward: { downwardAPI: { items: [info('data-1', 'metadata.name')] } },
  projected: projected({ configMap: { name: 'shown' } }),
}
const ALL_KINDS = (name: string) => [
  [`${name}-config`, { configMap: { name, optional: true } }],
  [`${name}-secret`, { secret: { secretName: name, optional: true } }],
  [`${name}-p-config`, projected({ configMap: { name, optional: true } })],
  [`${name}-p-secret`, projected({ secret: { name, optional: true } })],
]
const FOLLOWED = Object.fromEntries(['appears', 'changes', 'goes'].flatMap(ALL_KINDS)) as Record<string, object>

export const volumePods: readonly object[] = [
  configMap(
    'shown',
    { 'data-1': 'value-1', 'data-2': 'value-2' },
    { binaryData: { dump: Buffer.from([222, 202, 254]).toString('base64') } },
  ),
  secret('shown', { 'data-1': 'value-1', 'data-2': 'value-2' }),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } },
  { ...secret('shown', { 'data-1': 'of another' }), metadata: { name: 'shown', namespace: 'elsewhere' } },
  ...['changes', 'goes'].flatMap((name) => [configMap(name, { data: 'value-1' }), secret(name, { data: 'value-1' })]),
  pod('shows', {
    restartPolicy: 'Never',
    volumes: volumes(SOURCES),
    containers: [
      shell(TELL, {
        volumeMounts: mounts(...Object.keys(SOURCES)),
        resources: { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } },
      }),
      { ...shell('true'), name: 'unlimited' },
    ],
  }),
  pod('shows-others', {
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1000, fsGroup: 1001 },
    volumes: volumes({
      config: config(),
      secret: hidden({ defaultMode: 0o440 }),
      projected: { projected: { defaultMode: 0o440, sources: [{ secret: { name: 'shown' } }] } },
    }),
    containers: [
      shell(`${TELL}; echo group $(stat -Lc %g secret/data-1 projected/data-1)`, {
        volumeMounts: mounts('config', 'secret', 'projected'),
      }),
    ],
  }),
  pod('writes', emptyDirs({})),
  pod('writes-as-other', emptyDirs({ runAsUser: 1001 })),
  pod('shares', {
    restartPolicy: 'Never',
    volumes: [{ name: 'both', emptyDir: {} }],
    containers: [
      shell('until cat /v/both/file; do sleep 0.1; done 2>/dev/null', { volumeMounts: mounts('both') }),
      { ...shell('echo hello from the sub container > /v/both/file', { volumeMounts: mounts('both') }), name: 'sub' },
    ],
  }),
  pod('inside', {
    restartPolicy: 'Never',
    volumes: volumes(SUBPATHS),
    containers: [
      shell(`cat /files/*; cat /etc/resolv.conf`, {
        volumeMounts: [
          ...Object.keys(SUBPATHS).map((name) => ({ name, mountPath: `/files/${name}`, subPath: 'data-1' })),
          { name: 'config', mountPath: '/etc/resolv.conf', subPath: 'data-2' },
        ],
      }),
    ],
  }),
  pod(
    'follows',
    {
      volumes: volumes({
        ...FOLLOWED,
        downward: {
          downwardAPI: { items: [info('labels', 'metadata.labels'), info('annotations', 'metadata.annotations')] },
        },
      }),
      containers: [shell(forever, { volumeMounts: mounts(...Object.keys(FOLLOWED), 'downward') })],
    },
    { labels: { key1: 'value1' }, annotations: { builder: 'bar' } },
  ),
]
