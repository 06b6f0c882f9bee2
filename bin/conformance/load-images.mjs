// The images that upstream's tests name, made of their programs and of our own images, and put on a cluster's machines:
// their registries are not asked for anything.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { openDebianSuite } from '../debian-package.mjs'

const E2E = 'gcr.io/kubernetes-e2e-test-images'
const BUILT = [
  { name: 'k8s.gcr.io/e2e-test-images/agnhost:2.21', recipe: 'agnhost', base: 'tools' },
  { name: `${E2E}/nonewprivs:1.0`, recipe: 'nonewprivs', base: 'debian' },
  { name: `${E2E}/sample-apiserver:1.17`, recipe: 'sample-apiserver', base: 'debian' },
  { name: 'k8s.gcr.io/etcd:3.4.13-0', recipe: 'etcd', base: 'debian' },
  ...['nautilus', 'kitten'].map((picture) => ({
    name: `${E2E}/${picture}:1.0`,
    recipe: 'picture',
    base: 'busybox',
    picture,
  })),
]
/** Ours under their names: what the tests want of them is what any version does. */
const SAME = {
  busybox: ['busybox:1.29'],
  httpd: ['httpd:2.4.38-alpine', 'httpd:2.4.39-alpine'],
  'nginx-1.26': ['nginx:1.14-alpine', 'nginx:1.15-alpine'],
  redis: ['redis:5.0.5-alpine'],
  pause: ['k8s.gcr.io/pause:3.2'],
  tools: [`${E2E}/jessie-dnsutils:1.0`, 'perl:5.26'],
}
const RECIPES = join(import.meta.dirname, 'images')

const docker = (...args) =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()

/** `podium/<name>` as it was built last. */
function ours(name) {
  const [newest] = docker('images', '--quiet', `podium/${name}`).split('\n')
  if (!newest) throw new Error(`there is no image podium/${name}: \`npm test\` builds it`)
  return newest
}

/** Returns the names. */
export async function buildImages(programs, cacheDir) {
  const debian = await openDebianSuite({ suite: 'bookworm', cacheDir: join(cacheDir, 'debian') })
  await debian.downloadAndUnpack('etcd-server', join(programs, 'etcd'))
  for (const { name, recipe, base, picture } of BUILT) {
    const args = ['--build-arg', `BASE=${ours(base)}`, ...(picture ? ['--build-arg', `PICTURE=${picture}`] : [])]
    docker(
      'build',
      '--quiet',
      '--label',
      'podium=1',
      '--file',
      join(RECIPES, `${recipe}.Dockerfile`),
      '--tag',
      name,
      ...args,
      programs,
    )
  }
  for (const [name, others] of Object.entries(SAME)) for (const other of others) docker('tag', ours(name), other)
  return [...BUILT.map(({ name }) => name), ...Object.values(SAME).flat()]
}

/** To every machine of the cluster, whose engine is reached from inside of it only. */
export async function loadImages(names, cluster) {
  const filters = ['podium.role=machine', `podium.cluster=${cluster}`].flatMap((label) => [
    '--filter',
    `label=${label}`,
  ])
  const machines = docker('ps', '--quiet', ...filters).split('\n')
  for (const machine of machines) {
    const save = spawn('docker', ['save', ...names], { stdio: ['ignore', 'pipe', 'inherit'] })
    const load = spawn('docker', ['exec', '-i', machine, '/usr/lib/podium/enter.sh', 'docker', 'load', '--quiet'], {
      stdio: [save.stdout, 'ignore', 'inherit'],
    })
    const [[saved], [loaded]] = await Promise.all([once(save, 'exit'), once(load, 'exit')])
    if (saved !== 0 || loaded !== 0) throw new Error(`the images did not get to machine ${machine}`)
  }
}

/** The names are taken away again; images of ours stay. */
export const dropImages = (names) => docker('rmi', ...names)
