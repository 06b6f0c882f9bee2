// Which Go packages hold the API, and what each is called in OpenAPI and in our table.

export interface ApiPackage {
  /** Go import path, which is also its folder below the Go source root. */
  path: string
  /** The name in our table: `apps.v1`. */
  short: string
  /** The prefix of its OpenAPI definitions. */
  definitions: string
  /** Empty string for the core group; undefined for packages whose types belong to no group. */
  group?: string
  version: string
}

// One line per group version that a 1.36 API server serves by default, in `kubectl api-versions` order, and the one in which
// it tells of them. To serve
// another (a beta), add it here and run `node server/kube/schemas/extract/main.ts`.
const SERVED = [
  ['core', 'v1', ''],
  ['admission', 'v1', 'admission.k8s.io'],
  ['admissionregistration', 'v1', 'admissionregistration.k8s.io'],
  ['apidiscovery', 'v2', 'apidiscovery.k8s.io'],
  ['apps', 'v1', 'apps'],
  ['authentication', 'v1', 'authentication.k8s.io'],
  ['authorization', 'v1', 'authorization.k8s.io'],
  ['autoscaling', 'v1', 'autoscaling'],
  ['autoscaling', 'v2', 'autoscaling'],
  ['batch', 'v1', 'batch'],
  ['certificates', 'v1', 'certificates.k8s.io'],
  ['coordination', 'v1', 'coordination.k8s.io'],
  ['discovery', 'v1', 'discovery.k8s.io'],
  ['events', 'v1', 'events.k8s.io'],
  ['flowcontrol', 'v1', 'flowcontrol.apiserver.k8s.io'],
  ['networking', 'v1', 'networking.k8s.io'],
  ['node', 'v1', 'node.k8s.io'],
  ['policy', 'v1', 'policy'],
  ['rbac', 'v1', 'rbac.authorization.k8s.io'],
  ['resource', 'v1', 'resource.k8s.io'],
  ['scheduling', 'v1', 'scheduling.k8s.io'],
  ['storage', 'v1', 'storage.k8s.io'],
] as const

export const API_PACKAGES: readonly ApiPackage[] = [
  ...SERVED.map(([name, version, group]) => ({
    path: `k8s.io/api/${name}/${version}`,
    short: `${name}.${version}`,
    definitions: `io.k8s.api.${name}.${version}`,
    group,
    version,
  })),
  {
    path: 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1',
    short: 'apiextensions.v1',
    definitions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
    group: 'apiextensions.k8s.io',
    version: 'v1',
  },
  {
    path: 'k8s.io/apimachinery/pkg/apis/meta/v1',
    short: 'meta.v1',
    definitions: 'io.k8s.apimachinery.pkg.apis.meta.v1',
    version: 'v1',
  },
]

export const DEBIAN_PACKAGES = [
  'golang-k8s-api-dev',
  'golang-k8s-apimachinery-dev',
  'golang-k8s-apiextensions-apiserver-dev',
]

/** Types whose JSON is not their struct: they have a marshaller of their own. */
export const SCALARS: Readonly<Record<string, string>> = {
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': 'microtime',
  'k8s.io/apimachinery/pkg/apis/meta/v1.Duration': 'duration',
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': 'raw',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'raw',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'int-or-string',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON': 'raw',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray': 'raw',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool': 'raw',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray': 'raw',
  'k8s.io/apimachinery/pkg/types.UID': 'string',
  'k8s.io/apimachinery/pkg/types.NodeName': 'string',
}
