// An operator: a loop that keeps a ConfigMap and a Deployment for each Website, and says in its status how many pods are
// ready. It asks nobody what happened: it looks at what is wanted and what is there, and does what is missing.

import { controller, defineKind, runOperator } from './podium-client.mjs'

const Website = defineKind({ group: 'example.com', version: 'v1', kind: 'Website', plural: 'websites' })
const ConfigMap = defineKind({ version: 'v1', kind: 'ConfigMap', plural: 'configmaps' })
const Deployment = defineKind({ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments' })

const websites = controller('website')
  .for(Website)
  .owns(ConfigMap)
  .owns(Deployment)
  .reconcileWith((view) => {
    const [sites, maps, deployments] = [Website, ConfigMap, Deployment].map((kind) => view.cache(kind))
    return {
      async reconcile({ key, client, report, event }) {
        const site = sites.get(key)
        // Deleted: the garbage collector sees to what it owned.
        if (!site || site.metadata.deletionTimestamp) return
        const { text, replicas } = site.spec
        const [map, deployment] = [maps.get(key), deployments.get(key)]
        const ready = deployment?.status?.readyReplicas ?? 0
        report.wanted = `${replicas} servers that say "${text}"`
        report.seen = `${ready} ready, ${map?.data?.['index.html'] === text ? 'with that text' : 'without that text'}`

        if (!map) {
          await client.of(ConfigMap).create({ metadata: ownedBy(site), data: { 'index.html': text } })
          report.did.push('made its ConfigMap')
        } else if (map.data?.['index.html'] !== text) {
          await client.of(ConfigMap).update({ ...map, data: { 'index.html': text } })
          report.did.push('changed the text')
        }
        if (!deployment) {
          await client.of(Deployment).create(deploymentOf(site))
          report.did.push('made its Deployment')
          event(Website, site, 'Normal', 'Opened', `Website ${key} has servers now`)
        } else if (deployment.spec.replicas !== replicas) {
          await client.of(Deployment).update({ ...deployment, spec: { ...deployment.spec, replicas } })
          report.did.push(`scaled from ${deployment.spec.replicas} to ${replicas}`)
        }
        const status = { ready, observedGeneration: site.metadata.generation }
        if (site.status?.ready !== ready || site.status.observedGeneration !== status.observedGeneration) {
          await client.of(Website).updateStatus({ ...site, status })
          report.did.push(`said that ${ready} are ready`)
        }
      },
    }
  })

function ownedBy({ apiVersion = 'example.com/v1', metadata: { name, namespace, uid } }) {
  const owner = { apiVersion, kind: 'Website', name, uid, controller: true, blockOwnerDeletion: true }
  return { name, namespace, labels: { website: name }, ownerReferences: [owner] }
}

function deploymentOf(site) {
  const { name } = site.metadata
  const labels = { website: name }
  const volumeMounts = [{ name: 'text', mountPath: '/usr/share/nginx/html' }]
  return {
    metadata: ownedBy(site),
    spec: {
      replicas: site.spec.replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], volumeMounts }],
          volumes: [{ name: 'text', configMap: { name } }],
        },
      },
    },
  }
}

await runOperator({ name: 'website-operator', loops: [websites] })
