// Finalizers that need no domain: they are Kubernetes' own. Upstream: pkg/apis/core/helper IsStandardFinalizerName.

export const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])
export const NO_STANDARD_FINALIZER = 'name is neither a standard finalizer name nor is it fully qualified'
