import { type ClusterView, deploymentReady, fieldOwnedBy, named } from '../../../server/classroom/labs/index.ts'

const web = {
  kind: 'Deployment `web`',
  object: (cluster: ClusterView) => named(cluster.deployments, 'web'),
}

export const checks = [
  deploymentReady('web', { image: 'nginx:1.30', replicas: 3 }),
  fieldOwnedBy('replicas-owner', { ...web, field: '.spec.replicas' }, 'scaler'),
  fieldOwnedBy('image-owner', { ...web, field: '.spec.template.spec.containers[name=nginx].image' }, 'release'),
]
