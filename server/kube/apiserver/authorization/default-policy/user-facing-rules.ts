// What admin, edit and view add to one another. A view never reads Secrets: a token in one would make it more than a view.

import { READ, rule, WRITE } from './tell.ts'

export const ADMIN_RULES = [
  rule('create', ['authorization.k8s.io'], 'localsubjectaccessreviews'),
  rule(`${READ} ${WRITE}`, ['rbac.authorization.k8s.io'], 'rolebindings roles'),
]

export const EDIT_RULES = [
  rule(READ, [''], 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  rule('impersonate', [''], 'serviceaccounts'),
  rule(WRITE, [''], 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  rule('create', [''], 'pods/eviction'),
  rule(
    WRITE,
    [''],
    'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
  ),
  rule('create', [''], 'serviceaccounts/token'),
  rule(WRITE, ['', 'events.k8s.io'], 'events'),
  rule(
    WRITE,
    ['apps'],
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
  ),
  rule(WRITE, ['autoscaling'], 'horizontalpodautoscalers'),
  rule(WRITE, ['batch'], 'cronjobs jobs'),
  rule(
    WRITE,
    ['extensions'],
    'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
  ),
  rule(WRITE, ['policy'], 'poddisruptionbudgets'),
  rule(WRITE, ['networking.k8s.io'], 'ingresses networkpolicies'),
  rule(`${READ} ${WRITE}`, ['coordination.k8s.io'], 'leases'),
  rule(WRITE, ['resource.k8s.io'], 'resourceclaims resourceclaimtemplates'),
]

export const VIEW_RULES = [
  rule(
    READ,
    [''],
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
  ),
  rule(
    READ,
    [''],
    'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
  ),
  rule(READ, ['', 'events.k8s.io'], 'events'),
  rule(READ, [''], 'namespaces'),
  rule(READ, ['discovery.k8s.io'], 'endpointslices'),
  rule(
    READ,
    ['apps'],
    'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
  ),
  rule(READ, ['autoscaling'], 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  rule(READ, ['batch'], 'cronjobs cronjobs/status jobs jobs/status'),
  rule(
    READ,
    ['extensions'],
    'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
  ),
  rule(READ, ['policy'], 'poddisruptionbudgets poddisruptionbudgets/status'),
  rule(READ, ['networking.k8s.io'], 'ingresses ingresses/status networkpolicies'),
  rule(READ, ['resource.k8s.io'], 'resourceclaims resourceclaims/status resourceclaimtemplates'),
]
