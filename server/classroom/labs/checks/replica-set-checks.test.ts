import { describe } from 'vitest'
import type { Pod, ReplicaSet } from '../cluster-view.ts'
import { podsAdopted, podsOrphaned, replicaSetReady } from './replica-set-checks.ts'
import { judge } from './testing/judged.ts'
import { deployment, pod, view, wasThere } from './testing/objects.ts'

const web = { app: 'web' }
const set = (told: { image?: string; replicas?: number } = {}): ReplicaSet => ({
  metadata: { name: 'web', namespace: 'default', uid: 'rs' },
  spec: {
    replicas: told.replicas ?? 2,
    selector: { matchLabels: web },
    template: { metadata: { labels: web }, spec: { containers: [{ name: 'main', image: told.image ?? 'nginx' }] } },
  },
})
const byExpression: ReplicaSet = {
  ...set(),
  spec: { ...set().spec!, selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] } },
}
const owned = (name: string, image = 'nginx'): Pod => pod(name, { owner: 'rs', labels: web, image })
const free = (name: string): Pod => pod(name, { labels: web })
const ready = replicaSetReady('web', { image: 'nginx', replicas: 2 })

describe('a ReplicaSet', () => {
  judge([
    {
      name: 'with all its Pods',
      check: ready,
      cluster: view({ replicaSets: [set()], pods: [owned('a'), owned('b')] }),
      state: 'ok',
    },
    {
      name: 'with a mended template and old Pods',
      check: ready,
      cluster: view({ replicaSets: [set()], pods: [owned('a', 'ngnix'), owned('b', 'ngnix')] }),
      state: 'failed',
      says: '`a` and `b` still have image `ngnix`. A ReplicaSet never changes its Pods',
    },
    {
      name: 'with a wrong template',
      check: ready,
      cluster: view({ replicaSets: [set({ image: 'ngnix' })], pods: [owned('a')] }),
      state: 'failed',
      says: 'Every new Pod is made from it.',
    },
    {
      name: 'that has not made the second yet',
      check: ready,
      cluster: view({ replicaSets: [set()], pods: [owned('a'), free('b')] }),
      state: 'waiting',
      says: '1 of 2. The ReplicaSet loop has not made the others yet.',
    },
    {
      name: 'with one too many',
      check: ready,
      cluster: view({ replicaSets: [set()], pods: [owned('a'), owned('b'), owned('c')] }),
      state: 'waiting',
      says: '1 Pod too many',
    },
    {
      name: 'with another wish',
      check: ready,
      cluster: view({ replicaSets: [set({ replicas: 5 })], pods: [] }),
      state: 'waiting',
      says: 'wants 5 Pods; this step wants 2',
    },
    {
      name: 'that is a Deployment',
      check: ready,
      cluster: view({ deployments: [deployment('web')] }),
      state: 'failed',
      says: 'There is a Deployment `web`, which makes ReplicaSets of its own',
    },
  ])
})

describe('Pods without an owner', () => {
  const orphaned = podsOrphaned({ key: 'app', value: 'web' }, 2)
  const adopted = podsAdopted('web', 2)
  judge([
    { name: 'left behind', check: orphaned, cluster: view({ pods: [free('a'), free('b')] }), state: 'ok' },
    {
      name: 'that still have one',
      check: orphaned,
      cluster: view({ replicaSets: [set()], pods: [owned('a'), owned('b')] }),
      state: 'waiting',
      says: 'ReplicaSet `web` still owns them.',
    },
    {
      name: 'that still have one, which selects them by an expression',
      check: orphaned,
      cluster: view({ replicaSets: [byExpression], pods: [owned('a'), owned('b')] }),
      state: 'waiting',
      says: 'ReplicaSet `web` still owns them.',
    },
    {
      name: 'that went along with it',
      check: orphaned,
      cluster: view({ before: wasThere(owned('a'), owned('b')) }),
      state: 'failed',
      says: 'unless it is told `--cascade=orphan`',
    },
    {
      name: 'adopted',
      check: adopted,
      cluster: view({ replicaSets: [set()], pods: [owned('a'), owned('b')], before: wasThere(free('a'), free('b')) }),
      state: 'ok',
    },
    {
      name: 'replaced by new ones',
      check: adopted,
      cluster: view({ replicaSets: [set()], pods: [owned('c'), owned('d')], before: wasThere(free('a'), free('b')) }),
      state: 'failed',
      says: 'has made 2 new Pods',
    },
    {
      name: 'not adopted yet',
      check: adopted,
      cluster: view({ replicaSets: [set()], pods: [free('a'), free('b')], before: wasThere(free('a'), free('b')) }),
      state: 'waiting',
      says: 'has adopted 0 of 2 so far',
    },
  ])
})
