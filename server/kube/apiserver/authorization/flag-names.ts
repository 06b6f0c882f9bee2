// Upstream's names of the flags about who may do what, for whoever offers them.

export const AUTHORIZATION_FLAGS: readonly string[] = [
  'authorization-config',
  'authorization-mode',
  'authorization-policy-file',
  'authorization-webhook-cache-authorized-ttl',
  'authorization-webhook-cache-unauthorized-ttl',
  'authorization-webhook-config-file',
  'authorization-webhook-version',
]
