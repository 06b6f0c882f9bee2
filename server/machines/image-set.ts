// The list of images Podium builds. To add a lab image: a folder in images/ and one entry here; it is then built from
// Debian packages, pushed to the classroom's registry under `names`, and preloaded on every machine's disk.

export type DebianSuite = 'bookworm' | 'trixie'

/** What machines and terminals need to know of an image, whoever made it. */
export interface HostImage {
  name: string
  /** The references learners type. None: the image is Podium's own and stays on the host. */
  names?: string[]
  /** Not preloaded on machines: pulled from the classroom's registry when asked for. */
  isOnDemand?: boolean
}

/** Built as `podium/<name>:<content hash>` on the host's engine. */
export interface ImageRecipe extends HostImage {
  folder: string
  base: DebianSuite
  args?: Record<string, string>
  /** Files from outside the folder: name in the build context → what it is. */
  needs?: Record<string, 'node' | 'kubectl'>
  /** A folder of the repository whose sources go into the build context too. */
  sources?: string
}

export const IMAGES: readonly ImageRecipe[] = [
  { name: 'machine', folder: 'machine', base: 'bookworm', needs: { node: 'node' } },
  { name: 'terminal', folder: 'terminal', base: 'trixie', needs: { kubectl: 'kubectl' } },
  {
    name: 'registry',
    folder: 'registry',
    base: 'trixie',
    names: ['docker.io/library/registry:2', 'docker.io/library/registry:latest'],
    isOnDemand: true,
  },
  {
    name: 'push-registry',
    folder: 'push-registry',
    base: 'trixie',
    needs: { node: 'node' },
    sources: 'server/machines/push-registry',
  },
  {
    name: 'pause',
    folder: 'pause',
    base: 'trixie',
    names: ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10.1', 'docker.io/podium/pause:latest'],
  },
  {
    name: 'busybox',
    folder: 'busybox',
    base: 'trixie',
    names: [
      'docker.io/library/busybox:latest',
      'docker.io/library/busybox:1.37',
      'docker.io/library/busybox:1',
      'docker.io/library/busybox:stable',
    ],
  },
  {
    name: 'nginx-1.26',
    folder: 'nginx',
    base: 'trixie',
    args: { SUITE: 'trixie' },
    names: ['docker.io/library/nginx:1.26', 'docker.io/library/nginx:1.26.3'],
  },
  {
    name: 'nginx-latest',
    folder: 'nginx',
    base: 'trixie',
    args: { SUITE: 'sid' },
    names: [
      'docker.io/library/nginx:latest',
      'docker.io/library/nginx:1',
      'docker.io/library/nginx:stable',
      'docker.io/library/nginx:1.30',
    ],
  },
  {
    name: 'nginx-1.22',
    folder: 'nginx',
    base: 'bookworm',
    args: { SUITE: 'bookworm' },
    names: ['docker.io/library/nginx:1.22'],
    isOnDemand: true,
  },
  {
    name: 'redis',
    folder: 'redis',
    base: 'bookworm',
    names: ['docker.io/library/redis:latest', 'docker.io/library/redis:7', 'docker.io/library/redis:7.0'],
  },
  {
    name: 'curl',
    folder: 'curl',
    base: 'trixie',
    names: ['docker.io/curlimages/curl:latest', 'docker.io/curlimages/curl:8.14.1'],
  },
  ...['1.0', '2.0'].map((version) => ({
    name: `hello-${version}`,
    folder: 'hello',
    base: 'trixie' as const,
    args: { VERSION: `${version}.0` },
    names: [`docker.io/podium/hello:${version}`, `gcr.io/google-samples/hello-app:${version}`],
  })),
  {
    name: 'debian',
    folder: 'debian',
    base: 'trixie',
    names: ['docker.io/library/debian:latest', 'docker.io/library/debian:13', 'docker.io/library/debian:trixie-slim'],
  },
  {
    name: 'httpd',
    folder: 'httpd',
    base: 'trixie',
    names: ['docker.io/library/httpd:latest', 'docker.io/library/httpd:2.4'],
    isOnDemand: true,
  },
  {
    name: 'python',
    folder: 'python',
    base: 'trixie',
    names: ['docker.io/library/python:latest', 'docker.io/library/python:3', 'docker.io/library/python:3.13'],
    isOnDemand: true,
  },
  {
    name: 'node',
    folder: 'node',
    base: 'trixie',
    needs: { node: 'node' },
    names: ['docker.io/library/node:latest', 'docker.io/library/node:24'],
    isOnDemand: true,
  },
  {
    name: 'ingress-nginx',
    folder: 'ingress-nginx',
    base: 'trixie',
    needs: { node: 'node' },
    names: ['docker.io/podium/ingress-nginx:latest'],
    isOnDemand: true,
  },
  {
    name: 'haproxy',
    folder: 'haproxy',
    base: 'trixie',
    needs: { node: 'node' },
    names: ['docker.io/podium/haproxy:latest'],
    isOnDemand: true,
  },
  { name: 'tools', folder: 'tools', base: 'trixie', names: ['docker.io/podium/tools:latest'] },
]

/** All that machines get without anybody adding it. */
export const imageNames = (): string[] => IMAGES.flatMap(({ names = [] }) => names)
