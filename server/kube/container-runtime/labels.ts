// The labels by which the kubelet recognises what is its own after a restart. They are upstream's, so that
// `docker ps --filter label=io.kubernetes.pod.name=web` finds what a learner expects.
// Upstream: pkg/kubelet/types/labels.go, pkg/kubelet/kuberuntime/labels.go.

export const POD_NAME = 'io.kubernetes.pod.name'
export const POD_NAMESPACE = 'io.kubernetes.pod.namespace'
export const POD_UID = 'io.kubernetes.pod.uid'
export const CONTAINER_NAME = 'io.kubernetes.container.name'

/** Told to the runtime as annotations: how often this container was started before, and what it was made from. */
export const RESTART_COUNT = 'io.kubernetes.container.restartCount'
export const CONTAINER_HASH = 'io.kubernetes.container.hash'
export const TERMINATION_MESSAGE_PATH = 'io.kubernetes.container.terminationMessagePath'
export const TERMINATION_MESSAGE_POLICY = 'io.kubernetes.container.terminationMessagePolicy'
/** `regular`, `init`, `sidecar` or `ephemeral`: lets the simulated runtime end init containers by itself. */
export const CONTAINER_ROLE = 'podium.dev/container-role'
